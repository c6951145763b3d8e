import { registry } from "@web/core/registry";
import { CreditBar, creditBar } from "../credit/credit_bar";

/** The bar of the exposure on a case: what is behind its parts is asked of the customer. */
export class CaseCreditBar extends CreditBar {
    async open(kind) {
        const { partner_id: partner } = this.props.record.data;
        const action = await this.orm.call("res.partner", "action_credit_documents", [[partner.id], kind]);
        await this.action.doAction(action);
    }
}

registry.category("fields").add("ar_case_credit_bar", { ...creditBar, component: CaseCreditBar });
