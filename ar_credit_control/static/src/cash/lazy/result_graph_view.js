import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

// By the value of the timing: green in time, amber late, as the badges of the list.
const COLORS = { '"timing":"on_time"': "#28a745", '"timing":"late"': "#ffac00" };

/** Bars of collected cash, whose colours say what they mean. */
export class ResultGraphRenderer extends GraphRenderer {
    getBarChartData() {
        const data = super.getBarChartData();
        for (const dataset of data.datasets) {
            const identifiers = [...(dataset.identifiers || [])];
            for (const [timing, color] of Object.entries(COLORS)) {
                if (identifiers.length && identifiers.every((identifier) => identifier.includes(timing))) {
                    dataset.backgroundColor = color;
                }
            }
        }
        return data;
    }
}

registry.category("views").add("ar_result_graph", { ...graphView, Renderer: ResultGraphRenderer });
