import { registry } from "@web/core/registry";

/** Works two customers of the worklist by keyboard: open, snooze, next, and back to the list at its end. */
registry.category("web_tour.tours").add("ar_credit_control_worklist", {
    url: "/odoo/collection-worklist",
    steps: () => [
        {
            content: "the strip says what the day asks",
            trigger: ".o_ar_worklist_strip [data-figure=calls]:contains(2 customers)",
        },
        {
            content: "the row says why it stands where it stands",
            trigger: ".o_data_row:eq(0) .o_ar_worklist_why:contains(95 % likely, never contacted)",
        },
        {
            content: "the first customer has the focus: down and up again",
            trigger: ".o_data_row:eq(0) td:focus",
            run: "press j",
        },
        {
            trigger: ".o_data_row:eq(1) td:focus",
            run: "press k",
        },
        {
            content: "open",
            trigger: ".o_data_row:eq(0) td:focus",
            run: "press Enter",
        },
        {
            content: "what they owe",
            trigger: ".o_ar_case_overview [data-figure=overdue]:contains(9,000.00)",
        },
        {
            content: "what comes next",
            trigger: ".o_ar_case_facts [data-fact=next]:contains(Contact them today)",
        },
        {
            trigger: "button[name=action_snooze]",
            run: "click",
        },
        {
            trigger: ".modal [name=reason] input",
            run: "edit Year-end closing",
        },
        {
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "snoozed, with the reason",
            trigger: ".o_ar_case_facts [data-fact=next]:contains(Snoozed until):contains(Year-end closing)",
        },
        {
            content: "go on",
            trigger: ".o_ar_case_next",
            run: "click",
        },
        {
            content: "the second customer",
            trigger: ".o_ar_case_overview [data-figure=overdue]:contains(1,000.00)",
        },
        {
            trigger: ".o_ar_case_timeline .o_ar_case_event[data-kind=case]:contains(Asked by a test)",
        },
        {
            trigger: ".o_ar_case_next",
            run: "click",
        },
        {
            content: "the end of the list leads back to it",
            trigger: ".o_ar_worklist_strip [data-figure=calls]:contains(1 customer)",
        },
    ],
});
