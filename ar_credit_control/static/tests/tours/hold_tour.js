import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("ar_credit_hold_salesperson", {
    steps: () => [
        {
            content: "the banner says what confirming does",
            trigger: ".o_field_widget[name=credit_banner] [data-kind=hold]:contains(Confirming puts this order)",
        },
        {
            content: "confirm",
            trigger: ".o_statusbar_buttons button[name=action_confirm]",
            run: "click",
        },
        {
            content: "a person is told why",
            trigger: ".o_notification:contains(On credit hold)",
        },
        {
            content: "the order is held, not confirmed",
            trigger: ".o_field_widget[name=credit_banner] [data-kind=held]",
        },
        {
            content: "open the hold",
            trigger: "button[name=action_credit_open_hold]",
            run: "click",
        },
        {
            content: "a salesperson does not decide",
            trigger: ".o_form_view:not(:has(button[name=action_open_release])) .o_field_widget[name=reason_text]",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_hold_controller", {
    steps: () => [
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
            trigger: "[data-menu-xmlid='ar_credit_control.menu_credit_hold']",
            run: "click",
        },
        {
            content: "release the order of the tour from its card",
            trigger: ".o_kanban_record:contains(Toured Traders) a[name=action_open_release]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=preset] label:contains(Payment promised)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] input",
            run: "edit by Friday",
        },
        {
            trigger: ".modal-footer button[name=action_apply]:contains(Release)",
            run: "click",
        },
        {
            content: "it moves to the released",
            trigger: ".o_kanban_group:contains(Released) .o_kanban_record:contains(Toured Traders)",
            run: "click",
        },
        {
            content: "who decided and why is kept",
            trigger: ".o_form_view .o_field_widget[name=decision_note]:contains(Payment promised: by Friday)",
        },
        {
            trigger: "button[name=action_open_order]",
            run: "click",
        },
        {
            content: "the order is confirmed",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sales Order)",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_hold_released_with_a_cap", {
    steps: () => [
        {
            content: "release from the form, with some room",
            trigger: ".o_form_view button[name=action_open_release]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=preset] label:contains(Payment promised)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=cap_amount] input",
            run: "edit 1200",
        },
        {
            trigger: ".modal .o_field_widget[name=condition] input",
            run: "edit paid before it leaves",
        },
        {
            trigger: ".modal-footer button[name=action_apply]:contains(Release)",
            run: "click",
        },
        {
            content: "the amount and the condition are kept",
            trigger: ".o_form_view .o_field_widget[name=condition]:contains(paid before it leaves)",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=cap_amount]:contains(1,200.00)",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_hold_raised_above_the_cap", {
    steps: () => [
        {
            content: "the order was confirmed",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sales Order)",
        },
        {
            trigger: ".o_field_widget[name=order_line] .o_data_row td[name=product_uom_qty]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=order_line] .o_selected_row [name=product_uom_qty] input",
            run: "edit 13",
        },
        ...stepUtils.saveForm(),
        {
            content: "it is held again",
            trigger: ".o_field_widget[name=credit_banner] [data-kind=held]:contains(On credit hold)",
        },
    ],
});
