import { Component, onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/**
 * Shows how far a take-over is, and sends batch after batch while the page is open. Each batch is committed on its
 * own: whoever leaves the page continues later.
 */
export class TakeoverProgress extends Component {
    static template = "ar_credit_control.TakeoverProgress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.stopped = false;
        onMounted(() => this.work());
        onWillUnmount(() => {
            this.stopped = true;
        });
    }

    get percent() {
        return Math.round(this.props.record.data.progress);
    }

    get total() {
        return this.props.record.data.line_count;
    }

    get written() {
        return this.total - this.props.record.data.ready_count;
    }

    async work() {
        const { resModel, resId } = this.props.record;
        let left = true;
        while (left && !this.stopped) {
            left = await this.orm.call(resModel, "action_continue", [resId]);
            if (!this.stopped) {
                await this.props.record.load();
            }
        }
    }
}

registry.category("view_widgets").add("credit_takeover_progress", { component: TakeoverProgress });
