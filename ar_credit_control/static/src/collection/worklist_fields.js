import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The customer of a row, and below why it stands where it stands. */
export class WorklistCustomer extends Component {
    static template = "ar_credit_control.WorklistCustomer";
    static props = { ...standardFieldProps };

    get name() {
        return this.props.record.data[this.props.name]?.display_name || "";
    }

    get why() {
        return this.props.record.data.why || "";
    }
}

registry.category("fields").add("ar_worklist_customer", {
    component: WorklistCustomer,
    displayName: _t("Customer with the reason of its place"),
    supportedTypes: ["many2one"],
    fieldDependencies: [{ name: "why", type: "char" }],
});

/** A sentence in a list: up to three lines, all of it when pointed at. */
export class WorklistWords extends Component {
    static template = "ar_credit_control.WorklistWords";
    static props = { ...standardFieldProps };

    get text() {
        return this.props.record.data[this.props.name] || "";
    }
}

registry.category("fields").add("ar_worklist_words", {
    component: WorklistWords,
    displayName: _t("Sentence"),
    supportedTypes: ["char"],
});
