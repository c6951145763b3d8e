import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** Goes to the next customer of the worklist, in place of the present one; back leads to the list. */
export class CaseNext extends Component {
    static template = "ar_credit_control.CaseNext";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.state = useState({ busy: false });
        useHotkey("n", () => this.next());
        useHotkey("l", () => document.querySelector(".o_ar_case_form button[name='action_log_contact']")?.click());
    }

    async next() {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { resModel, resId, context } = this.props.record;
            const action = await this.orm.call(resModel, "get_next_action", [[resId]], { context });
            if (action) {
                await this.action.doAction(action, { stackPosition: "replaceCurrentAction" });
            } else {
                this.notification.add(_t("That was the last customer of the worklist."), { type: "success" });
                await this.action.doAction("ar_credit_control.action_collection_worklist", {
                    clearBreadcrumbs: true,
                });
            }
        } finally {
            this.state.busy = false;
        }
    }
}

registry.category("view_widgets").add("ar_case_next", { component: CaseNext });
