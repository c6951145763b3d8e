import { AgingControlPanel } from "@ar_credit_control/aging/aging_control_panel";
import { withAging } from "@ar_credit_control/aging/aging_search_model";
import { registry } from "@web/core/registry";
import { graphView } from "@web/views/graph/graph_view";

export const agingGraphView = {
    ...graphView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(graphView.SearchModel),
};

registry.category("views").add("ar_aging_graph", agingGraphView);
