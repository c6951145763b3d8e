import { Component } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** First days overdue of the shades of the ageing bar. */
const SHADES_FROM = [1, 31, 91, 181];

/** What they owe, how old it is, what was said and promised, whom to call: the answers at the top of a case. */
export class CaseOverview extends Component {
    static template = "ar_credit_control.CaseOverview";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    get overview() {
        return this.props.record.data[this.props.name] || false;
    }

    get total() {
        return this.overview.buckets.reduce((sum, bucket) => sum + bucket.amount, 0) || 1;
    }

    /** Buckets of the ageing bar; the older, the darker. */
    get buckets() {
        return this.overview.buckets.map((bucket) => ({
            ...bucket,
            late: bucket.day_from > 0,
            text: this.format(bucket.amount),
            width: Math.max((100 * bucket.amount) / this.total, 1),
            shade: SHADES_FROM.filter((day) => bucket.day_from >= day).length,
        }));
    }

    /** Amounts by currency, where another one than the company's is owed. */
    get foreign() {
        const { currencies, currency_id } = this.overview;
        if (!currencies.some((line) => line.currency_id !== currency_id)) {
            return [];
        }
        return currencies.map((line) => ({
            ...line,
            owedText: formatCurrency(line.owed, line.currency_id),
            overdueText: formatCurrency(line.overdue, line.currency_id),
        }));
    }

    get description() {
        return this.overview.buckets.map((bucket) => `${bucket.name}: ${this.format(bucket.amount)}`).join("; ");
    }

    get items() {
        const { item_count: items, oldest_days: days } = this.overview;
        return items === 1
            ? _t("one item, %(days)s days", { days })
            : _t("%(items)s items, the oldest %(days)s days", { items, days });
    }

    format(amount) {
        return formatCurrency(amount || 0, this.overview.currency_id);
    }

    async copy(text) {
        try {
            await browser.navigator.clipboard.writeText(text);
            this.notification.add(_t("Copied"), { type: "success" });
        } catch {
            this.notification.add(_t("The browser does not let us copy. Use a secure connection."), {
                type: "warning",
            });
        }
    }

    async copyMessage() {
        const { resModel, resId } = this.props.record;
        await this.copy(await this.orm.call(resModel, "get_copy_text", [[resId]]));
    }
}

export const caseOverview = {
    component: CaseOverview,
    displayName: _t("Overview of a collection case"),
    supportedTypes: ["json"],
};

registry.category("fields").add("ar_case_overview", caseOverview);
