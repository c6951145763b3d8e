import { registry } from "@web/core/registry";
import { session } from "@web/session";

/** Another person goes on at an address, as one with a browser of their own would. */
function goOnAs(login, url) {
    return {
        content: `${login} goes on`,
        trigger: ".o_main_navbar",
        expectUnloadPage: true,
        run: async () => {
            const response = await fetch("/web/session/authenticate", {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ jsonrpc: "2.0", params: { db: session.db, login, password: login } }),
            });
            const { error } = await response.json();
            if (error) {
                throw new Error(error.data.message);
            }
            window.location.href = url;
        },
    };
}

function click(trigger, content) {
    return { content, trigger, run: "click" };
}

function see(trigger, content) {
    return { content, trigger };
}

// With its amount: while a list loads, rows of a sample may show.
const run = (state) => `.o_data_row:contains(${state}):contains(5,000.00) td[name=date]`;

/** A policy by standard, its rates, a run: made by the controller, each approved by the manager, posted. */
registry.category("web_tour.tours").add("ar_credit_control_provision", {
    url: "/odoo/provision-policies",
    steps: () => [
        click("button[name=action_add_preset]", "the manager adds a policy"),
        click(".modal [name=preset] label:contains(IFRS 9)"),
        see(".modal [name=summary]:contains(181-365 days):contains(50 %)", "what it brings is shown before"),
        see(".modal [name=use_now] input:checked", "the first one is put in use"),
        click(".modal button[name=action_add]"),
        click("button[name=action_create_accounts]", "the chart lacks the accounts"),
        click(".modal-footer .btn-primary"),
        see(".o_form_view:not(:has(button[name=action_create_accounts]))", "it has them now"),

        goOnAs("credit_ctl", "/odoo/loss-rates"),
        click(".o_data_row:contains(Draft) td[name=date_from]", "the controller looks at the rates"),
        click("button[name=action_submit]"),
        see(".o_arrow_button_current:contains(Submitted)", "who submits does not approve"),
        see(".o_form_view:not(:has(button[name=action_approve]))"),

        goOnAs("credit_mgr", "/odoo/loss-rates"),
        click(".o_data_row:contains(Submitted) td[name=date_from]"),
        click("button[name=action_approve]"),
        see(".o_arrow_button_current:contains(Approved)"),

        goOnAs("credit_ctl", "/odoo/provision-runs"),
        click(".o_list_button_add", "the controller values the receivables of today"),
        click("button[name=action_compute].btn-primary"),
        see("[name=cell_ids] .o_data_row:contains(181-365 days):contains(2,000.00)", "half of 4,000"),
        see("[name=cell_ids] .o_data_row:contains(1-30 days):contains(20.00)", "two percent of 1,000"),
        click("button[name=action_submit]"),
        see(".o_arrow_button_current:contains(Submitted)"),

        goOnAs("credit_mgr", "/odoo/provision-runs"),
        click(run("Submitted")),
        click("button[name=action_approve]"),
        see(".o_arrow_button_current:contains(Approved)"),

        goOnAs("credit_ctl", "/odoo/provision-runs"),
        click(run("Approved")),
        click("button[name=action_post]"),
        see(".o_arrow_button_current:contains(Posted)"),
        see("button[name=action_print]", "to be printed"),
        click(".o_notebook .nav-link:contains(Change by Account)"),
        see("[name=change_ids] .o_data_row:contains(2,020.00)", "what was booked"),
    ],
});

/** A write-off from the case: asked for, approved, posted; out of the ageing. */
registry.category("web_tour.tours").add("ar_credit_control_writeoff", {
    steps: () => [
        click("button[name=action_request_writeoff]", "the collector gives up"),
        see(".modal [name=line_ids] .o_data_row:contains(4,000.00)"),
        {
            trigger: ".modal [name=reason_id] input",
            run: "edit Small, not",
        },
        click(".modal .o-autocomplete--dropdown-item:contains(Small, not worth pursuing)"),
        {
            trigger: ".modal [name=note] textarea",
            run: "edit Moved away, nobody knows where",
        },
        click(".modal button[name=action_request]"),
        see(".alert-info:contains(Waits for):contains(credit_mgr)"),

        goOnAs("credit_mgr", "/odoo/write-offs"),
        click(".o_data_row:contains(To Approve) td[name=name]"),
        see("[name=note]:contains(Moved away)"),
        click("button[name=action_approve]"),
        see(".o_arrow_button_current:contains(Approved)"),

        goOnAs("credit_ctl", "/odoo/write-offs"),
        click(".o_data_row:contains(Approved) td[name=name]"),
        click("button[name=action_post]"),
        see(".o_arrow_button_current:contains(Written Off)"),
        see("[name=amount_provided]:contains(424.00)", "what was provided for: 10.6 %"),
        see("[name=amount_expense]:contains(3,576.00)", "the rest is a loss"),

        goOnAs("credit_col", "/odoo/receivables-open-items"),
        see(".o_data_row:contains(Lindgren AB)", "the ageing shows the other customer"),
        see(".o_list_view:not(:contains(Kornmann AG))", "it is owed no more"),
    ],
});

/** They pay after all: the receipt recovers what was written off, and the movement table shows it. */
registry.category("web_tour.tours").add("ar_credit_control_recovery", {
    url: "/odoo/write-offs",
    steps: () => [
        click(".o_data_row:contains(Written Off) td[name=name]"),
        click("button[name=action_recover]"),
        {
            trigger: ".modal [name=receipt_id] input",
            run: "click",
        },
        click(".modal .o-autocomplete--dropdown-item:contains(BNK1)"),
        see(".modal [name=amount] input:value(1,000.00)", "as much as came in"),
        click(".modal button[name=action_recover]"),
        see(".o_field_widget[name=amount_recovered]:contains(1,000.00)"),

        goOnAs("credit_ctl", "/odoo/action-ar_credit_control.action_provision_movement_report"),
        see("[name=line_ids] .o_data_row [name=used]:contains(-424.00)", "the movement table shows both"),
        see("[name=line_ids] .o_data_row [name=recovered]:contains(106.00)"),
        see("[name=difference]:contains(0.00)", "and ends at the ledger"),
    ],
});
