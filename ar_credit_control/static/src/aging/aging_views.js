import { registry } from "@web/core/registry";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { SearchModel } from "@web/search/search_model";
import { graphView } from "@web/views/graph/graph_view";
import { listView } from "@web/views/list/list_view";
import { pivotView } from "@web/views/pivot/pivot_view";
import { withAging } from "./aging_search_model";
import { AgingStrip } from "./aging_strip";

export class AgingControlPanel extends ControlPanel {
    static template = "ar_credit_control.AgingControlPanel";
    static components = { ...ControlPanel.components, AgingStrip };
}

export const agingListView = {
    ...listView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(SearchModel),
};

export const agingPivotView = {
    ...pivotView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(pivotView.SearchModel),
};

export const agingGraphView = {
    ...graphView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(graphView.SearchModel),
};

registry.category("views").add("ar_aging_list", agingListView);
registry.category("views").add("ar_aging_pivot", agingPivotView);
registry.category("views").add("ar_aging_graph", agingGraphView);
