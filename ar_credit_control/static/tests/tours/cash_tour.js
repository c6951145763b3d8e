import { registry } from "@web/core/registry";

/** Two receipts: the small one is applied with one click, the large one is asked for. */
registry.category("web_tour.tours").add("ar_cash_queue", {
    steps: () => [
        {
            content: "the small one says what it pays, and why",
            trigger: ".o_data_row:contains(100.00):contains(The only open item of this amount):contains(Sure)",
        },
        {
            trigger: ".o_data_row:contains(100.00) button[name=action_apply]",
            run: "click",
        },
        {
            content: "it is gone from the queue",
            trigger: ".o_list_view:not(:has(.o_data_row:contains(100.00)))",
        },
        {
            content: "the large one opens with its items",
            trigger: ".o_data_row:contains(500.00) td[name=partner_id]",
            run: "click",
        },
        {
            trigger: ".modal .alert-info:contains(another person approves it)",
        },
        {
            content: "what the customer names is chosen",
            trigger: ".modal .o_data_row:contains(480.00):has(td[name=chosen] input:checked) td[name=amount]:contains(480.00)",
        },
        {
            content: "the rest of it pays nothing yet",
            trigger: ".modal [name=amount_left]:contains(20.00)",
        },
        {
            trigger: ".modal button[name=action_apply]:visible:contains(Ask for Approval)",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(Waiting for approval by another person: 1)",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
    ],
});

/** Another person looks at the request and approves it. */
registry.category("web_tour.tours").add("ar_cash_approve", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Brandt) td[name=partner_id]",
            run: "click",
        },
        {
            content: "what it pays and what is asked",
            trigger: ".o_field_widget[name=line_ids] .o_data_row:contains(480.00)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=action_approve]",
            run: "click",
        },
        {
            trigger: ".o_arrow_button_current:contains(Applied)",
        },
        {
            content: "who decides may undo it",
            trigger: ".o_statusbar_buttons button[name=action_undo]",
        },
    ],
});
