import { registry } from "@web/core/registry";

/** A collector's morning: the first customer of the list is called and promises to pay. */
registry.category("web_tour.tours").add("ar_credit_control_contact_promise", {
    url: "/odoo/collection-worklist",
    steps: () => [
        {
            content: "log a contact from the list by keyboard",
            trigger: ".o_data_row:contains(Kornmann) td:focus",
            run: "press l",
        },
        {
            content: "the person to call is there, and the playbook of the last letter",
            trigger: ".modal .o_ar_contact_aside:contains(First reminder)",
        },
        {
            trigger: ".modal [name=contact_id] input:value(Ute Korn)",
        },
        {
            content: "the outcome has the focus: a digit chooses it",
            trigger: ".modal [name=outcome_id] .o_selection_badge:contains(Promised):focus",
            run: "press 1",
        },
        {
            trigger: ".modal [name=outcome_id] .o_selection_badge.active:contains(Promised)",
        },
        {
            content: "everything due is promised by default",
            trigger: ".modal [name=amount] input:value(1,000.00)",
        },
        {
            trigger: ".modal [name=promise_date] input, .modal [name=promise_date] button",
            run: "click",
        },
        {
            trigger: ".o_datetime_picker .o_date_item_cell.o_today",
            run: "click",
        },
        {
            trigger: ".modal button[name=action_log]",
            run: "click",
        },
        {
            content: "the customer is dealt with",
            trigger: ".o_view_nocontent:contains(Nobody to call today)",
        },
    ],
});

/** Days later: the promise is broken, the customer is on top of the list and will not pay. */
registry.category("web_tour.tours").add("ar_credit_control_contact_broken", {
    url: "/odoo/collection-worklist",
    steps: () => [
        {
            trigger: ".o_data_row:contains(Kornmann):contains(Broken promise) td[name=claimable]",
            run: "click",
        },
        {
            trigger: ".o_ar_case_facts [data-fact=promise]:contains(broken on)",
        },
        {
            content: "what was said last",
            trigger: ".o_ar_case_facts [data-fact=word]:contains(Ute Korn)",
        },
        {
            trigger: "button[name=action_log_contact]",
            run: "click",
        },
        {
            trigger: ".modal [name=outcome_id] .o_selection_badge:contains(Refused)",
            run: "click",
        },
        {
            trigger: ".modal [name=reason_id] .o_selection_badge:contains(Unwilling to pay)",
            run: "click",
        },
        {
            content: "the next step is proposed",
            trigger: ".modal [name=next_step] input:value(Decide on the hand-over to a lawyer)",
        },
        {
            trigger: ".modal [name=note] textarea",
            run: "edit Not one cent before court",
        },
        {
            trigger: ".modal button[name=action_log]",
            run: "click",
        },
        {
            content: "the hand-over is drafted and opens",
            trigger: ".o_form_view .o_field_widget[name=agent_id]",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a:contains(Kornmann)",
            run: "click",
        },
        {
            content: "the case shows it at once",
            trigger: ".o_ar_case_facts [data-fact=word]:contains(Not one cent before court)",
        },
        {
            trigger: ".o_ar_case_facts [data-fact=next]:contains(Decide on the hand-over)",
        },
        {
            trigger: "a.nav-link[name=contacts]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=contact_log_ids] .o_data_row:eq(1):contains(Promised)",
        },
    ],
});
