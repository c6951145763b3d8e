import { onMounted, useRef } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import {
    BadgeSelectionField,
    badgeSelectionField,
} from "@web/views/fields/badge_selection/badge_selection_field";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Badges to choose from by keyboard too: Tab reaches them, a digit chooses, arrows move, Enter takes. */
export class KeyBadgesField extends BadgeSelectionField {
    static template = "ar_credit_control.KeyBadgesField";
    static props = { ...BadgeSelectionField.props, autofocus: { type: Boolean, optional: true } };

    setup() {
        super.setup();
        this.root = useRef("root");
        if (this.props.autofocus) {
            // The dialog gives the focus to its first element when it opens: take it afterwards.
            onMounted(() => browser.setTimeout(() => this.root.el?.querySelector("[tabindex='0']")?.focus()));
        }
    }

    /** The badge that Tab reaches: what is chosen, else the first. */
    get reachable() {
        const index = this.options.findIndex((option) => option[0] === this.value);
        return Math.max(index, 0);
    }

    digit(index) {
        return index < 10 ? String((index + 1) % 10) : "";
    }

    onKeydown(ev) {
        if (ev.altKey || ev.ctrlKey || ev.metaKey) {
            return;
        }
        const badges = [...this.root.el.querySelectorAll(".o_selection_badge")];
        const place = badges.indexOf(ev.target);
        const index = this.options.findIndex((option, i) => this.digit(i) && this.digit(i) === ev.key);
        if (index >= 0) {
            this.choose(index);
            badges[index].focus();
        } else if (ev.key in STEPS) {
            badges[Math.min(Math.max(place + STEPS[ev.key], 0), badges.length - 1)].focus();
        } else if (ev.key === "Enter" || ev.key === " ") {
            this.choose(place);
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    /** Choose a badge; what is chosen already stays so, a second digit takes nothing off. */
    choose(index) {
        if (this.options[index] && this.options[index][0] !== this.value) {
            this.onChange(this.options[index][0]);
        }
    }
}

registry.category("fields").add("ar_key_badges", {
    ...badgeSelectionField,
    component: KeyBadgesField,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...badgeSelectionField.extractProps(fieldInfo, dynamicInfo),
        autofocus: Boolean(fieldInfo.options.autofocus),
    }),
});
