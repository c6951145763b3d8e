import { Component } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Shows the exposure of a customer as one bar against the limit, whose parts and legend open what is
 * behind them. The legend is for the keyboard, too.
 */
export class CreditBar extends Component {
    static template = "ar_credit_control.CreditBar";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get figures() {
        return this.props.record.data[this.props.name] || {};
    }

    /** Parts of the exposure; what is owed is split into overdue and not due, so that all parts add up. */
    get parts() {
        const figures = this.figures;
        const overdue = Math.min(figures.overdue, Math.max(figures.receivable, 0));
        const parts = [
            { kind: "overdue", label: _t("Overdue"), amount: overdue },
            { kind: "receivable", label: _t("Not due"), amount: figures.receivable - overdue },
            { kind: "draft_invoice", label: _t("Draft invoices"), amount: figures.draft_invoice },
            { kind: "order", label: _t("Open orders"), amount: figures.order },
            { kind: "in_transit", label: _t("Payments in transit"), amount: figures.in_transit },
            { kind: "notes", label: _t("Bills of exchange"), amount: figures.notes },
        ];
        return parts
            .filter((part) => part.amount)
            .map((part) => ({
                ...part,
                text: this.format(part.amount),
                width: (100 * Math.max(part.amount, 0)) / this.scale,
                openable: figures.documents.includes(part.kind),
            }));
    }

    get cover() {
        return this.figures.limit + this.figures.security;
    }

    /** What the whole width stands for. Parts below zero take no room, so the others may add up to more. */
    get scale() {
        const figures = this.figures;
        const drawn =
            Math.max(figures.receivable, 0) +
            Math.max(figures.draft_invoice, 0) +
            Math.max(figures.order, 0) +
            Math.max(figures.in_transit, 0) +
            Math.max(figures.notes, 0);
        return Math.max(drawn, figures.limit_set ? this.cover : 0) || 1;
    }

    get limitPosition() {
        return this.figures.limit_set ? (100 * this.cover) / this.scale : null;
    }

    get isLimited() {
        return this.figures.limit_set || this.figures.groups.length > 0;
    }

    get isOver() {
        return this.isLimited && this.figures.available < 0;
    }

    /** What belongs to the limit: until when it holds, and what the groups above leave. */
    get terms() {
        const figures = this.figures;
        const terms = [];
        if (figures.limit_temporary) {
            terms.push({
                name: "temporary",
                text: _t("Includes a temporary increase of %(amount)s until %(date)s.", {
                    amount: this.format(figures.limit_temporary),
                    date: this.formatDate(figures.limit_temporary_until),
                }),
            });
        }
        if (figures.limit_set && figures.limit_valid_until) {
            const date = this.formatDate(figures.limit_valid_until);
            terms.push({
                name: "valid_until",
                text: figures.limit_expired
                    ? _t("The limit expired on %(date)s.", { date })
                    : _t("The limit is valid until %(date)s.", { date }),
                danger: figures.limit_expired,
            });
        }
        for (const group of figures.groups) {
            const values = {
                name: group.name,
                used: this.format(group.exposure),
                limit: this.format(group.limit + group.security),
                left: this.format(Math.abs(group.available)),
            };
            terms.push({
                name: `group_${group.profile_id}`,
                text: this.describeGroup(group, values),
                danger: group.available < 0,
            });
        }
        return terms;
    }

    describeGroup(group, values) {
        if (group.available < 0) {
            return group.heads
                ? _t("Its group uses %(used)s of %(limit)s: %(left)s too much.", values)
                : _t("The group of %(name)s uses %(used)s of %(limit)s: %(left)s too much.", values);
        }
        return group.heads
            ? _t("Its group uses %(used)s of %(limit)s, %(left)s left for all of them.", values)
            : _t("The group of %(name)s uses %(used)s of %(limit)s, %(left)s left for all of them.", values);
    }

    get headline() {
        const figures = this.figures;
        const headline = [
            {
                name: "limit",
                label: figures.security ? _t("Limit and securities") : _t("Limit"),
                text: figures.limit_set
                    ? this.cover
                        ? this.format(this.cover)
                        : _t("No credit")
                    : _t("Not decided"),
                muted: !figures.limit_set,
            },
            { name: "exposure", label: _t("Exposure"), text: this.format(figures.exposure) },
        ];
        if (this.isLimited) {
            headline.push({
                name: "available",
                label: this.isOver ? _t("Over the limit by") : _t("Available"),
                text: this.format(Math.abs(figures.available)),
                danger: this.isOver,
            });
        }
        return headline;
    }

    /** The bar in words, for people who do not see it. */
    get description() {
        return [...this.headline, ...this.parts].map((part) => `${part.label}: ${part.text}`).join("; ");
    }

    get unapplied() {
        return this.figures.unapplied ? this.format(this.figures.unapplied) : "";
    }

    get security() {
        return this.figures.security ? this.format(this.figures.security) : "";
    }

    formatDate(date) {
        return date ? formatDate(deserializeDate(date)) : "";
    }

    format(amount) {
        return formatCurrency(amount || 0, this.figures.currency_id);
    }

    async open(kind) {
        const action = await this.orm.call("res.partner", "action_credit_documents", [
            [this.props.record.resId],
            kind,
        ]);
        await this.action.doAction(action);
    }
}

export const creditBar = {
    component: CreditBar,
    displayName: _t("Credit bar"),
    supportedTypes: ["json"],
};

registry.category("fields").add("ar_credit_bar", creditBar);
