import {registry} from "@web/core/registry";

const openCreditPage = [
    {
        content: "open the credit page of the customer",
        trigger: ".o_notebook .nav-link[name=credit]",
        run: "click",
    },
];

registry.category("web_tour.tours").add("ar_credit_partner_manager", {
    steps: () => [
        ...openCreditPage,
        {
            content: "nobody decided a limit",
            trigger: ".o_ar_credit_bar [data-figure=limit]:contains(Not decided)",
        },
        {
            content: "the parts of the exposure are in the bar and in words",
            trigger: ".o_ar_credit_bar_track[aria-label*='Open orders']:has([data-kind=order]):has([data-kind=overdue])",
        },
        {
            content: "decide",
            trigger: "button[name=action_open_credit_profile]:contains(Decide on Credit)",
            run: "click",
        },
        {
            trigger: ".o_form_view:has(.o_field_widget[name=hold_override]) .o_field_widget[name=limit_set] input",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=limit] input",
            run: "edit 500",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "the status follows at once",
            trigger: ".o_form_saved .o_field_widget[name=status]:contains(Hold)",
        },
        {
            content: "back to the customer",
            trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a",
            run: "click",
        },
        ...openCreditPage,
        {
            content: "the customer is over the new limit",
            trigger: ".o_ar_credit_bar [data-figure=available]:contains(Over the limit by)",
        },
        {
            content: "see what is overdue, by its part of the bar",
            trigger: ".o_ar_credit_bar_part[data-kind=overdue]",
            run: "click",
        },
        {
            content: "the items behind the figure",
            trigger: ".o_list_view .o_data_row",
        },
    ],
});

registry.category("web_tour.tours").add("ar_credit_partner_salesperson", {
    steps: () => [
        ...openCreditPage,
        {
            content: "figures without rights on accounting, and nothing to decide",
            trigger:
                ".o_form_view:not(:has(button[name=action_open_credit_profile])) .o_ar_credit_bar [data-figure=exposure]",
        },
        {
            content: "what cannot be opened is no button",
            trigger:
                ".o_ar_credit_bar:has(.o_ar_credit_bar_part[data-kind=overdue]:not(.cursor-pointer)) span.o_ar_credit_bar_legend:contains(Overdue)",
        },
        {
            content: "own orders can be opened",
            trigger: ".o_ar_credit_bar button.o_ar_credit_bar_legend[data-kind=order]",
            run: "click",
        },
        {
            trigger: ".o_list_view",
        },
    ],
});
