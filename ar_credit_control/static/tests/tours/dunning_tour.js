import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("ar_dunning_collector", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='ar_credit_control.menu_root']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='ar_credit_control.menu_section_dunning']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='ar_credit_control.menu_dunning_run']",
            run: "click",
        },
        {
            trigger: ".o_control_panel button:contains(Propose Letters)",
            run: "click",
        },
        {
            content: "look first: who would get which letter",
            trigger: ".modal button[name=action_preview]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Toured Debtors):contains(First reminder)",
        },
        {
            trigger: ".o_data_row:contains(Small Debtors):contains(Below the smallest letter)",
        },
        {
            trigger: ".breadcrumb-item:contains(Proposals), .o_back_button",
            run: "click",
        },
        {
            trigger: ".o_control_panel button:contains(Propose Letters)",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_propose]",
            run: "click",
        },
        {
            content: "the run says how many letters of which stage",
            trigger: ".o_field_widget[name=stage_summary]:contains(First reminder)",
        },
        {
            content: "a collector does not send",
            trigger: ".o_form_view:not(:has(button[name=action_approve_all]))",
        },
        {
            trigger: "a.nav-link[name=left_out]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=left_out_ids] .o_data_row:contains(Small Debtors)",
        },
    ],
});

registry.category("web_tour.tours").add("ar_dunning_controller", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            trigger: ".o_app[data-menu-xmlid='ar_credit_control.menu_root']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='ar_credit_control.menu_section_dunning']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='ar_credit_control.menu_dunning_review']",
            run: "click",
        },
        {
            trigger: ".o_data_row td:contains(Toured Debtors)",
            run: "click",
        },
        {
            content: "read the mail before it goes out",
            trigger: "a.nav-link[name=mail]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=mail_subject]:contains(Payment overdue)",
        },
        {
            trigger: "button[name=action_send]:contains(Approve and Send)",
            run: "click",
        },
        {
            content: "the mail queue has it",
            trigger: ".o_statusbar_status button.o_arrow_button_current:contains(Queued)",
        },
    ],
});
