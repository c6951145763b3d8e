import { registry } from "@web/core/registry";
import { SearchModel } from "@web/search/search_model";
import { listView } from "@web/views/list/list_view";
import { AgingControlPanel } from "./aging_control_panel";
import { withAging } from "./aging_search_model";

export const agingListView = {
    ...listView,
    ControlPanel: AgingControlPanel,
    SearchModel: withAging(SearchModel),
};

registry.category("views").add("ar_aging_list", agingListView);
