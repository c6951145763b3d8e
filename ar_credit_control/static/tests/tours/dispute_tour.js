import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("ar_dispute_record", {
    steps: () => [
        {
            content: "the case says what they owe",
            trigger: ".o_ar_case_overview [data-figure=overdue]:contains(1,240.00)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_dispute]",
            run: "click",
        },
        {
            trigger: ".modal [name=description] textarea",
            run: "edit We never got the second pallet",
        },
        {
            content: "the whole of the smaller invoice",
            trigger: ".modal .o_data_row:contains(240.00) button[name=action_all]",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row:contains(240.00) td[name=amount]:contains(240.00)",
        },
        {
            trigger: ".modal button[name=action_record]",
            run: "click",
        },
        {
            content: "recorded, with somebody who answers until a day",
            trigger: ".o_field_widget[name=description]:contains(second pallet)",
        },
        {
            content: "a collector does not decide",
            trigger: ".o_form_view:not(:has(button[name=action_decide]:contains(Accept)))",
        },
    ],
});

registry.category("web_tour.tours").add("ar_dispute_credit", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Kornmann) td[name=partner_id]",
            run: "click",
        },
        {
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            trigger: "button[name=action_decide].btn-primary:contains(Accept)",
            run: "click",
        },
        {
            trigger: ".modal [name=note] textarea",
            run: "edit The carrier lost it",
        },
        {
            trigger: ".modal button[name=action_apply]:contains(Accept)",
            run: "click",
        },
        {
            content: "accepted: it ends with the credit note",
            trigger: ".alert-info:contains(240.00):contains(is to be credited)",
        },
        {
            trigger: "button[name=action_create_credit_note]",
            run: "click",
        },
        {
            content: "the credit note is ready",
            trigger: ".o_form_view .o_field_widget[name=tax_totals]:contains(240.00)",
        },
        {
            trigger: "button[name=action_post]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Posted)",
        },
        {
            trigger: ".o_breadcrumb a:contains(Kornmann)",
            run: "click",
        },
        {
            content: "settled",
            trigger: ".o_arrow_button_current:contains(Credited)",
        },
    ],
});
