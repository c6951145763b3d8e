import { ControlPanel } from "@web/search/control_panel/control_panel";
import { AgingStrip } from "./aging_strip";

/** Control panel with the date of the ageing and its comparison with the ledger below. */
export class AgingControlPanel extends ControlPanel {
    static template = "ar_credit_control.AgingControlPanel";
    static components = { ...ControlPanel.components, AgingStrip };
}
