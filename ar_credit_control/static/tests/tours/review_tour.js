import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const openReview = (customer) => [
    stepUtils.showAppsMenuItem(),
    {
        trigger: ".o_app[data-menu-xmlid='ar_credit_control.menu_root']",
        run: "click",
    },
    {
        trigger: "[data-menu-xmlid='ar_credit_control.menu_section_credit']",
        run: "click",
    },
    {
        trigger: "[data-menu-xmlid='ar_credit_control.menu_credit_review']",
        run: "click",
    },
    {
        content: "open the request",
        trigger: `.o_data_row:contains(${customer}) .o_data_cell[name=partner_name]`,
        run: "click",
    },
];

registry.category("web_tour.tours").add("ar_credit_review_salesperson", {
    steps: () => [
        {
            content: "the quotation would be held: ask for credit",
            trigger: ".o_statusbar_buttons button[name=action_credit_request]",
            run: "click",
        },
        {
            content: "the limit that the order needs is proposed",
            trigger: ".modal .o_field_widget[name=amount] input:value(2,500.00)",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] textarea",
            run: "edit They open a second shop",
        },
        {
            trigger: ".modal-footer button[name=action_ask]",
            run: "click",
        },
        {
            content: "a person is told who decides",
            trigger: ".o_notification:contains(decides)",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        ...openReview("Toured Traders"),
        {
            content: "who asked does not approve",
            trigger: ".o_form_view:not(:has(button[name=action_open_approve])) .o_arrow_button_current:contains(Submitted)",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_review_manager", {
    steps: () => [
        ...openReview("Toured Traders"),
        {
            content: "the figures are on the review",
            trigger: ".o_field_widget[name=reason]:contains(second shop)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_open_approve]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] input",
            run: "edit Order book seen",
        },
        {
            trigger: ".modal-footer button[name=action_apply]:contains(Approve)",
            run: "click",
        },
        {
            content: "it is decided",
            trigger: ".o_arrow_button_current:contains(Approved)",
        },
        {
            trigger: "button[name=action_open_profile]",
            run: "click",
        },
        {
            trigger: ".o_form_view .nav-link[name=history]",
            run: "click",
        },
        {
            content: "the history of the limit",
            trigger: ".o_field_widget[name=review_ids] .o_data_row:contains(They open a second shop)",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_review_confirm", {
    steps: () => [
        {
            trigger: ".o_statusbar_buttons button[name=action_confirm]",
            run: "click",
        },
        {
            content: "the order passes",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sales Order)",
        },
    ],
});
