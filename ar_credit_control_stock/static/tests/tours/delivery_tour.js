import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const release = (why) => [
    {
        trigger: "button[name=action_open_release]:enabled",
        run: "click",
    },
    {
        trigger: ".modal .o_field_widget[name=note] input",
        run: `edit ${why}`,
    },
    {
        trigger: ".modal-footer button[name=action_apply]:contains(Release)",
        run: "click",
    },
    {
        content: "it is released",
        trigger: "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Released)",
    },
];

tours.add("ar_credit_delivery_release_order", {
    steps: () => [
        {
            content: "the order waits",
            trigger: ".o_form_view .o_field_widget[name=reason_text]:contains(Exposure)",
        },
        ...release("agreed up to this amount"),
        {
            content: "up to an amount and until a day",
            trigger: ".o_field_widget[name=cap_amount]:contains(1,100)",
        },
    ],
});

tours.add("ar_credit_delivery_raise_order", {
    steps: () => [
        {
            content: "nothing holds the order now",
            trigger: ".o_form_view:not(:has([data-kind=held]))",
        },
        {
            trigger: ".o_field_widget[name=order_line] .o_data_row [name=product_uom_qty]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=order_line] .o_data_row [name=product_uom_qty] input",
            run: "edit 14",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "raised above what was released, it is held again",
            trigger: ".o_field_widget[name=credit_banner] [data-kind=held]",
        },
    ],
});

tours.add("ar_credit_delivery_stopped", {
    steps: () => [
        {
            content: "the transfer says so before anybody tries",
            trigger: ".o_form_view .alert:contains(On credit hold)",
        },
        {
            trigger: ".o_statusbar_buttons button[name=button_validate]:enabled",
            run: "click",
        },
        {
            content: "told whom to ask, and no figures",
            trigger: ".o_notification:contains(do not hand over the goods):not(:contains($))",
        },
        {
            content: "nothing is done",
            trigger: ".o_statusbar_status .o_arrow_button_current:not(:contains(Done))",
        },
    ],
});

tours.add("ar_credit_delivery_release", {
    steps: () => [
        {
            content: "choose the deliveries in the queue",
            trigger: ".o_searchview_dropdown_toggler",
            run: "click",
        },
        {
            trigger: ".o_filter_menu .o-dropdown-item:contains(Deliveries)",
            run: "click",
        },
        {
            content: "the card of the transfer, not that of its order",
            trigger: ".o_kanban_record:contains(Toured Deliveries):contains(/OUT/)",
            run: "click",
        },
        {
            content: "the transfer is a click away",
            trigger: "button[name=action_open_transfer]",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=move_ids]:contains(Crate)",
        },
        {
            trigger: ".o_form_view button[name=action_credit_open_hold]",
            run: "click",
        },
        ...release("the driver has the cheque"),
    ],
});

tours.add("ar_credit_delivery_done", {
    steps: () => [
        {
            content: "nothing stops it any more",
            trigger: ".o_form_view:not(:has(.alert:contains(On credit hold)))",
        },
        {
            trigger: ".o_statusbar_buttons button[name=button_validate]:enabled",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done)",
        },
    ],
});
