import { Component, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { deserializeDate, deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Kinds of events that one filter shows together. */
const FILTERS = [
    { name: "talk", kinds: ["call", "visit", "email", "message", "meeting", "reply"] },
    { name: "letters", kinds: ["letter"] },
    { name: "money", kinds: ["payment", "credit_note", "entry"] },
    { name: "agreements", kinds: ["promise", "plan", "deferral", "dispute", "placement"] },
    { name: "notes", kinds: ["note", "case"] },
];

/** Everything that happened with a customer in one list, the latest first. */
export class CaseTimeline extends Component {
    static template = "ar_credit_control.CaseTimeline";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.state = useState({ filter: null });
        this.labels = {
            talk: _t("Contacts"),
            letters: _t("Letters"),
            money: _t("Payments"),
            agreements: _t("Agreements"),
            notes: _t("Notes"),
        };
    }

    get events() {
        return this.props.record.data[this.props.name] || [];
    }

    /** Only filters that show something. */
    get filters() {
        const kinds = new Set(this.events.map((event) => event.kind));
        return FILTERS.filter((filter) => filter.kinds.some((kind) => kinds.has(kind))).map((filter) => ({
            ...filter,
            label: this.labels[filter.name],
        }));
    }

    get shown() {
        const filter = FILTERS.find(({ name }) => name === this.state.filter);
        return this.events
            .filter((event) => !filter || filter.kinds.includes(event.kind))
            .map((event) => ({
                ...event,
                day: this.formatDay(event),
                amountText: event.amount === null ? "" : formatCurrency(event.amount, event.currency_id),
            }));
    }

    formatDay(event) {
        const date = event.timed ? deserializeDateTime(event.date) : deserializeDate(event.date.slice(0, 10));
        return date.toLocaleString({ day: "numeric", month: "short", year: "numeric" });
    }

    toggle(name) {
        this.state.filter = this.state.filter === name ? null : name;
    }

    async open(event) {
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: event.res_model,
            res_id: event.res_id,
            views: [[false, "form"]],
        });
    }
}

export const caseTimeline = {
    component: CaseTimeline,
    displayName: _t("Timeline of a collection case"),
    supportedTypes: ["json"],
};

registry.category("fields").add("ar_case_timeline", caseTimeline);
