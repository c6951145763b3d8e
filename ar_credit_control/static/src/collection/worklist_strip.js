import { Component, onWillStart, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useBus, useService } from "@web/core/utils/hooks";

/** "14 calls, 1.2 m, 3 promises due": what the list asks of the day. */
export class WorklistStrip extends Component {
    static template = "ar_credit_control.WorklistStrip";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.keepLast = new KeepLast();
        this.state = useState({ figures: null, works: false });
        useBus(this.env.searchModel, "update", () => this.load());
        // The strip never delays the list: its figures come when they are ready.
        onWillStart(() => {
            this.load();
            this.loadRole();
        });
    }

    /** Who only has customers of their own has no "next customer". */
    async loadRole() {
        const groups = ["ar_credit_control.group_collector", "ar_credit_control.group_credit_auditor"];
        const roles = await Promise.all(groups.map((group) => user.hasGroup(group)));
        this.state.works = roles.some(Boolean);
    }

    async load() {
        this.state.figures = await this.keepLast.add(
            this.orm.call("ar.collection.worklist", "get_strip_figures", [this.env.searchModel.domain], {
                context: this.env.searchModel.context,
            })
        );
    }

    get parts() {
        const figures = this.state.figures;
        const parts = [
            {
                name: "calls",
                text: figures.calls === 1 ? _t("1 customer") : _t("%s customers", figures.calls),
            },
        ];
        for (const { currency_id, amount } of figures.amounts) {
            parts.push({
                name: `amount_${currency_id}`,
                text: formatCurrency(amount, currency_id, { humanReadable: true }),
                title: formatCurrency(amount, currency_id),
            });
        }
        const { promises, replies, steps } = figures;
        if (promises) {
            parts.push({
                name: "promises",
                text: promises === 1 ? _t("1 promise due") : _t("%s promises due", promises),
                filter: "promises",
            });
        }
        if (replies) {
            parts.push({
                name: "replies",
                text: replies === 1 ? _t("1 reply") : _t("%s replies", replies),
                filter: "replies",
            });
        }
        if (steps) {
            parts.push({
                name: "steps",
                text: steps === 1 ? _t("1 next step") : _t("%s next steps", steps),
                filter: "steps",
            });
        }
        return parts;
    }

    /** Show only the rows behind a figure, or all again. */
    toggle(filter) {
        const [item] = this.env.searchModel.getSearchItems((searchItem) => searchItem.name === filter);
        if (item) {
            this.env.searchModel.toggleSearchItem(item.id);
        }
    }
}
