import { onMounted } from "@odoo/owl";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { WorklistStrip } from "./worklist_strip";

/** Control panel with what the list asks of the day. */
export class WorklistControlPanel extends ControlPanel {
    static template = "ar_credit_control.WorklistControlPanel";
    static components = { ...ControlPanel.components, WorklistStrip };
}

/** Rows by keyboard: j and k move, Enter opens (as in every list), l logs a contact. */
export class WorklistRenderer extends ListRenderer {
    setup() {
        super.setup();
        useHotkey("j", () => this.moveRow(1), { allowRepeat: true });
        useHotkey("k", () => this.moveRow(-1), { allowRepeat: true });
        useHotkey("l", () => this.currentRow?.querySelector("button[name='action_log_contact']")?.click());
        // The search bar takes the focus when the view opens: give it to the first customer, ready for the keys.
        onMounted(() => browser.requestAnimationFrame(() => this.focusFirstRow()));
    }

    focusFirstRow() {
        if (document.activeElement?.matches(".o_searchview_input, body") && !document.activeElement.value) {
            this.moveRow(1);
        }
    }

    get rows() {
        return [...(this.tableRef.el?.querySelectorAll(".o_data_row") || [])];
    }

    get currentRow() {
        return document.activeElement?.closest?.(".o_ar_worklist .o_data_row");
    }

    moveRow(step) {
        const rows = this.rows;
        const place = rows.indexOf(this.currentRow);
        const row = place < 0 ? rows[0] : rows[Math.min(Math.max(place + step, 0), rows.length - 1)];
        row?.querySelector("td.o_data_cell")?.focus();
    }
}

registry.category("views").add("ar_worklist_list", {
    ...listView,
    ControlPanel: WorklistControlPanel,
    Renderer: WorklistRenderer,
});

registry.category("views").add("ar_worklist_kanban", { ...kanbanView, ControlPanel: WorklistControlPanel });
