import { registry } from "@web/core/registry";

/** Changes the date of the ageing in each view and follows the strip to the items it names. */
registry.category("web_tour.tours").add("ar_credit_control_aging", {
    url: "/odoo/receivables-ageing",
    steps: () => [
        {
            content: "the strip agrees with the ledger today",
            trigger: ".o_ar_aging_company .o_ar_aging_difference:contains(0.00)",
        },
        {
            content: "the pivot shows the buckets",
            trigger: ".o_pivot th:contains(Over 365)",
        },
        {
            content: "an item has no customer",
            trigger: ".o_ar_aging_no_partner:contains(1 without customer)",
        },
        {
            content: "go back to a date before everything",
            trigger: ".o_ar_aging_date input",
            run: "edit 01/01/2020 && press Enter",
        },
        {
            content: "nothing was open then",
            trigger: ".o_ar_aging_total:contains(0.00):not(:contains(1))",
        },
        {
            content: "the pivot reloads with the date",
            trigger: ".o_view_nocontent:contains(Nothing is open at this date)",
        },
        {
            content: "go to a date in between",
            trigger: ".o_ar_aging_date input",
            run: "edit 02/28/2025 && press Enter",
        },
        {
            content: "one invoice was open, not paid yet at that date",
            trigger: ".o_ar_aging_ledger:contains(1,000.00)",
        },
        {
            trigger: ".o_pivot td:contains(1,000.00)",
        },
        {
            content: "the list keeps the date",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_group_header:contains(Brandt & Co)",
            run: "click",
        },
        {
            trigger: ".o_data_row .o_data_cell:contains(1,000.00)",
        },
        {
            trigger: ".o_ar_aging_date input:value(02/28/2025)",
        },
        {
            content: "age from the invoice date",
            trigger: ".o_ar_aging_basis",
            run: "select invoice",
        },
        {
            trigger: ".o_data_row:contains(58)",
        },
        {
            content: "back to today",
            trigger: ".o_ar_aging_presets",
            run: "click",
        },
        {
            trigger: ".o-dropdown-item:contains(Today)",
            run: "click",
        },
        {
            trigger: ".o_ar_aging_no_partner",
            run: "click",
        },
        {
            content: "only the item without customer is left",
            trigger: ".o_facet_values:contains(Without Customer)",
        },
        {
            trigger: ".o_group_header:contains(None (1))",
        },
        {
            trigger: ".o_switch_view.o_graph",
            run: "click",
        },
        {
            trigger: ".o_graph_canvas_container canvas",
        },
        {
            trigger: ".o_ar_aging_difference:contains(0.00)",
        },
        {
            content: "back to the list with the same filter, and into the entry",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger: ".o_group_header:contains(None (1))",
            run: "click",
        },
        {
            trigger: ".o_data_row .o_data_cell[name=move_name]:first",
            run: "click",
        },
        {
            content: "a row opens its entry",
            trigger: ".o_form_view .o_breadcrumb:contains(MISC)",
        },
    ],
});
