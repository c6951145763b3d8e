import { AgingControlPanel } from "@ar_credit_control/aging/aging_control_panel";
import { withAging } from "@ar_credit_control/aging/aging_search_model";
import { registry } from "@web/core/registry";
import { pivotView } from "@web/views/pivot/pivot_view";

export const agingPivotView = {
    ...pivotView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(pivotView.SearchModel),
};

registry.category("views").add("ar_aging_pivot", agingPivotView);
