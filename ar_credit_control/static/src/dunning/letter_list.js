import { useEffect, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

const FIELDS = ["partner_name", "state", "can_approve", "pdf_preview", "channel", "message_text"];

/**
 * Letters with the one at hand beside them: arrow keys go to the next, keys of the buttons decide on it.
 */
export class LetterListController extends ListController {
    static template = "ar_credit_control.LetterListView";

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.letter = useState({ id: false, data: false });
        this.keepLast = new KeepLast();
        useEffect(
            (root) => {
                const show = (ev) => this.onRowFocused(ev);
                root?.addEventListener("focusin", show);
                return () => root?.removeEventListener("focusin", show);
            },
            () => [this.rootRef.el]
        );
    }

    get flatRecords() {
        const collect = (list) =>
            list.groups ? list.groups.flatMap((group) => collect(group.list)) : list.records;
        return collect(this.model.root);
    }

    async onRowFocused(ev) {
        const row = ev.target.closest(".o_data_row");
        const record = row && this.flatRecords.find((candidate) => candidate.id === row.dataset.id);
        if (record && record.resId !== this.letter.id) {
            await this.showLetter(record.resId);
        }
    }

    async showLetter(id) {
        this.letter.id = id;
        const [data] = await this.keepLast.add(this.orm.read("ar.dunning.letter", [id], FIELDS));
        this.letter.data = data;
    }

    closeLetter() {
        Object.assign(this.letter, { id: false, data: false });
    }

    openLetter() {
        const record = this.flatRecords.find((candidate) => candidate.resId === this.letter.id);
        return record && this.openRecord(record);
    }

    async changeLetter() {
        const action = await this.orm.call("ar.dunning.letter", "action_edit", [[this.letter.id]]);
        await this.actionService.doAction(action, {
            onClose: async () => {
                await this.model.root.load();
                await this.showLetter(this.letter.id);
            },
        });
    }

    /** Decide on the letter at hand and show the next one of the list. */
    async decide(method) {
        const records = this.flatRecords;
        const at = records.findIndex((record) => record.resId === this.letter.id);
        const next = records[at + 1]?.resId;
        await this.orm.call("ar.dunning.letter", method, [[this.letter.id]]);
        await this.model.root.load();
        if (next) {
            await this.showLetter(next);
            const record = this.flatRecords.find((candidate) => candidate.resId === next);
            const row = record && this.rootRef.el.querySelector(`.o_data_row[data-id="${record.id}"]`);
            row?.querySelector("td:not(.o_list_record_selector)")?.focus();
        } else {
            this.closeLetter();
        }
    }
}

registry.category("views").add("ar_dunning_letter_list", {
    ...listView,
    Controller: LetterListController,
});
