import { registry } from "@web/core/registry";
import { SearchModel } from "@web/search/search_model";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { AgingControlPanel } from "./aging_control_panel";
import { withAging } from "./aging_search_model";

export const agingKanbanView = {
    ...kanbanView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(SearchModel),
};

registry.category("views").add("ar_aging_kanban", agingKanbanView);
