import { Component, onWillStart, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { download } from "@web/core/network/download";
import { deserializeDate, serializeDate, today } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";
import { formatCurrency } from "@web/core/currency";
import { user } from "@web/core/user";

/** Date and basis of the ageing, and whether its rows agree with the general ledger. */
export class AgingStrip extends Component {
    static template = "ar_credit_control.AgingStrip";
    static components = { DateTimeInput, Dropdown, DropdownItem };
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.keepLast = new KeepLast();
        this.state = useState({ companies: [], loaded: false, downloading: false });
        this.bases = [
            { value: "due", label: _t("By due date") },
            { value: "invoice", label: _t("By invoice date") },
            { value: "delivery", label: _t("By delivery date") },
        ];
        useBus(this.env.searchModel, "update", () => this.onSearchUpdate());
        onWillStart(() => {
            // The strip never delays the view: its figures come when they are ready.
            this.loadFigures();
        });
    }

    get aging() {
        return this.env.searchModel.aging;
    }

    get date() {
        return deserializeDate(this.aging.asOf);
    }

    get presets() {
        const now = today();
        return [
            { label: _t("Today"), date: now },
            { label: _t("End of last month"), date: now.minus({ months: 1 }).endOf("month") },
            { label: _t("End of last quarter"), date: now.minus({ quarters: 1 }).endOf("quarter") },
            { label: _t("End of last year"), date: now.minus({ years: 1 }).endOf("year") },
        ];
    }

    format(amount, company) {
        return formatCurrency(amount, company.currency_id);
    }

    onDateChange(date) {
        if (date) {
            this.env.searchModel.setAging({ asOf: serializeDate(date) });
        }
    }

    onBasisChange(ev) {
        this.env.searchModel.setAging({ by: ev.target.value });
    }

    onSearchUpdate() {
        this.render();
        if (this.loadedFor !== this.aging.asOf) {
            this.loadFigures();
        }
    }

    async loadFigures() {
        this.loadedFor = this.aging.asOf;
        this.state.loaded = false;
        const companies = await this.keepLast.add(
            this.orm.call("ar.aging.report", "get_strip_figures", [], {
                context: { ...this.env.searchModel.context },
            })
        );
        Object.assign(this.state, { companies, loaded: true });
    }

    showItems(filter) {
        this.env.searchModel.activateFilter(filter);
    }

    async onDownload() {
        this.state.downloading = true;
        try {
            await download({
                url: "/ar_credit_control/aging.xlsx",
                method: "GET",
                data: {
                    as_of: this.aging.asOf,
                    by: this.aging.by,
                    cids: user.activeCompanies.map((company) => company.id).join("-"),
                    domain: JSON.stringify(this.env.searchModel.domain),
                },
            });
        } finally {
            this.state.downloading = false;
        }
    }
}
