"""Policies by the practice of Europe, the United States and China, as functions of the environment.

Days, channels and tone are judgement to begin with, to be edited; the texts are translated terms, so that
each recipient reads them in the own language. What they say of the law is general: counsel checks them before
use. Stages are named by their day offset, which is unique in a policy.
"""

from markupsafe import Markup


def _note(*paragraphs):
    return Markup().join(Markup("<p>%s</p>") % paragraph for paragraph in paragraphs)


def _hand_over(env, day_offset, name, *playbook):
    """Return a stage without letter: its items are proposed for an agency or a lawyer."""
    return {
        "day_offset": day_offset,
        "name": name,
        "phase": "clearing",
        "owner": "credit",
        "send_by": "none",
        "legal": True,
        "letter_title": name,
        "playbook": _note(*playbook),
    }


def _europe(env):
    return {
        "name": env._("Europe"),
        "stages": [
            {
                "day_offset": -5,
                "name": env._("Before the due date"),
                "phase": "credit",
                "owner": "finance",
                "payment_link": True,
                "letter_title": env._("Upcoming payment"),
                "letter_text": env._(
                    "Thank you for your business. The items below fall due shortly. We would be grateful "
                    "if you arranged their payment in time."
                ),
                "letter_closing": env._(
                    "Please check the items. If something is wrong or missing, a word to {contact} is "
                    "enough, so that it is settled before the due date.\n"
                    "If you have paid already, please disregard this letter."
                ),
                "reply_days": 5,
                "playbook": _note(
                    env._(
                        "Large items only: ask whether the invoice arrived, is approved, and when it will "
                        "be paid."
                    ),
                    env._("Something wrong with it: pass it on the same day, before it falls due."),
                ),
            },
            {
                "day_offset": 3,
                "name": env._("First reminder"),
                "phase": "coordination",
                "owner": "finance",
                "attach_invoices": True,
                "payment_link": True,
                "letter_title": env._("Payment overdue"),
                "letter_text": env._(
                    "By our books the items below are past their due date. Perhaps they were overlooked. "
                    "If you have paid in the meantime, please ignore this letter."
                ),
                "letter_closing": env._(
                    "Otherwise please transfer the amount by {deadline}. If there is a reason why you "
                    "have not paid, please tell {contact}: we would rather know it early."
                ),
                "reply_days": 10,
                "playbook": _note(
                    env._(
                        "Assume an oversight and be friendly. Ask for the reason and log it: invoice not "
                        "received, in approval, disputed, short of money."
                    ),
                    env._("End with a date and an amount. “Soon” is neither."),
                ),
            },
            {
                "day_offset": 14,
                "name": env._("Second reminder"),
                "phase": "coordination",
                "owner": "credit",
                "send_by": "post",
                "min_share": 1.0,
                "claims_interest": True,
                "letter_title": env._("Second reminder"),
                "letter_text": env._(
                    "Despite our reminder we have not received your payment. {overdue} is overdue, the "
                    "oldest item by {days} days."
                ),
                "letter_closing": env._(
                    "Please pay by {deadline}, or write to us within three days on which date you will "
                    "pay.\n"
                    "Since the due date we are entitled to statutory late interest of at least 8 "
                    "percentage points above the reference rate of the European Central Bank, and to EUR "
                    "40 for the costs of recovery of each claim (Directive 2011/7/EU and the law that "
                    "implements it)."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "Speak to the person who approves payments, not only to the one who enters invoices."
                    ),
                    env._(
                        "Get the date in writing. No date, or a broken one: tell sales that supply will stop."
                    ),
                ),
            },
            {
                "day_offset": 28,
                "name": env._("Supply suspended"),
                "phase": "clearing",
                "owner": "credit",
                "task": "call",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Overdue: supply suspended"),
                "letter_text": env._(
                    "Our reminders have remained without result. {overdue} is overdue, the oldest item by "
                    "{days} days. Until it is paid we suspend further deliveries and services."
                ),
                "letter_closing": env._(
                    "Please pay by {deadline}. If you cannot pay everything at once, propose a plan with "
                    "dates and amounts by then; after that day we offer none.\n"
                    "Besides the principal you owe us statutory late interest of at least 8 percentage "
                    "points above the reference rate of the European Central Bank, and EUR 40 for the "
                    "costs of recovery of each claim (Directive 2011/7/EU and the law that implements "
                    "it)."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "Call before the letter arrives, manager to manager. Sales knows that supply stops."
                    ),
                    env._(
                        "Offer a plan once, in writing: first instalment at once, the last within three "
                        "months."
                    ),
                    env._("Complete the file: order, delivery note, invoice, correspondence."),
                ),
            },
            {
                "day_offset": 45,
                "name": env._("Final demand"),
                "phase": "clearing",
                "owner": "credit",
                "send_by": "post",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Final demand"),
                "letter_text": env._(
                    "We have written and spoken to you several times. {overdue} is still unpaid, the "
                    "oldest item {days} days after its due date. We ask you for the last time to pay "
                    "{amount}."
                ),
                "letter_closing": env._(
                    "The payment must reach our account by {deadline}. After that day we hand the claim "
                    "over to counsel and take legal steps without writing to you again.\n"
                    "Statutory late interest of at least 8 percentage points above the reference rate of "
                    "the European Central Bank, EUR 40 for the costs of recovery of each claim (Directive "
                    "2011/7/EU and the law that implements it), and further costs as the law provides are "
                    "then added.\n"
                    "If you dispute an item, state your reasons in writing by the same day. We reserve "
                    "all rights."
                ),
                "reply_days": 10,
                "playbook": _note(
                    env._(
                        "Send it so that its receipt can be proved: registered, or by courier. Keep the "
                        "slip with the letter."
                    ),
                    env._("Announce nothing that we do not do. Prepare the hand-over for the day after."),
                ),
            },
            _hand_over(
                env,
                60,
                env._("Hand-over"),
                env._(
                    "Check address, legal form and means of the debtor; insured items go to the insurer "
                    "first."
                ),
                env._(
                    "Then hand over to the agency or to counsel: facts, evidence, claim. No more reminders."
                ),
            ),
        ],
    }


def _united_states(env):
    return {
        "name": env._("United States"),
        "stages": [
            {
                "day_offset": -7,
                "name": env._("Before the due date"),
                "phase": "credit",
                "owner": "finance",
                "payment_link": True,
                "letter_title": env._("Upcoming payment"),
                "letter_text": env._(
                    "Thank you for your business. This is a courtesy note: the invoices below are coming due."
                ),
                "letter_closing": env._(
                    "How to pay is shown above. Questions about an invoice? Please call {contact} now, so "
                    "that we can fix it before the due date."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._("Confirm that the invoice is in their payables system, approved and scheduled."),
                    env._("A purchase order number or a receipt missing: get it to them today."),
                ),
            },
            {
                "day_offset": 1,
                "name": env._("First reminder"),
                "phase": "coordination",
                "owner": "finance",
                "attach_invoices": True,
                "payment_link": True,
                "letter_title": env._("Payment overdue"),
                "letter_text": env._(
                    "The invoices below were due. This may be an oversight; copies are enclosed. If your "
                    "payment is on its way, thank you, and please disregard this letter."
                ),
                "letter_closing": env._(
                    "If it is not, please pay by {deadline}, or let {contact} know what is holding it up."
                ),
                "reply_days": 10,
                "playbook": _note(
                    env._(
                        "Assume an oversight. Ask for the reason and the date of the payment run; log both."
                    ),
                ),
            },
            {
                "day_offset": 15,
                "name": env._("Call"),
                "phase": "coordination",
                "owner": "credit",
                "send_by": "none",
                "task": "call",
                "min_share": 1.0,
                "letter_title": env._("Past due: second notice"),
                "letter_text": env._(
                    "We have not received your payment. {overdue} is past due, the oldest invoice by "
                    "{days} days."
                ),
                "letter_closing": env._(
                    "Please pay by {deadline}, or tell {contact} the date of your payment. Interest may "
                    "accrue as our agreement provides."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "Call payables, then the controller. Have invoice, order and proof of delivery at "
                        "hand."
                    ),
                    env._("Agree on amount and date, repeat both, and confirm them by mail the same day."),
                ),
            },
            {
                "day_offset": 30,
                "name": env._("Supply suspended"),
                "phase": "clearing",
                "owner": "credit",
                "send_by": "post",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Past due: account on hold"),
                "letter_text": env._(
                    "Your account is past due by {overdue}, the oldest invoice by {days} days. We have "
                    "placed it on hold: no orders are released or shipped until it is brought current."
                ),
                "letter_closing": env._(
                    "Please pay by {deadline}. If you cannot pay in full, call {contact} by then with a "
                    "payment plan; this is the last one we can offer before we demand payment of the "
                    "whole balance.\n"
                    "Interest is charged as our agreement provides."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "Tell sales before the letter goes out. Call the owner or the controller the same "
                        "day."
                    ),
                    env._("Release the hold for cleared funds only, not for a check in the mail."),
                ),
            },
            {
                "day_offset": 60,
                "name": env._("Final demand"),
                "phase": "clearing",
                "owner": "credit",
                "send_by": "post",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Final demand for payment"),
                "letter_text": env._(
                    "{overdue} is past due, the oldest invoice by {days} days, and our previous notices "
                    "have not resulted in payment. We demand payment of {amount}."
                ),
                "letter_closing": env._(
                    "Payment must be received by {deadline}. If it is not, we intend to refer the account "
                    "for collection or legal action, with interest and costs as our agreement and the law "
                    "allow.\n"
                    "If you dispute any part of the balance, tell us in writing by that date, and pay the "
                    "rest.\n"
                    "This letter waives none of our rights and remedies."
                ),
                "reply_days": 10,
                "playbook": _note(
                    env._("Certified mail, return receipt requested. State facts and dates; never threaten."),
                    env._("Check liens, guarantees and credit insurance: their deadlines are short."),
                ),
            },
            _hand_over(
                env,
                90,
                env._("Hand-over"),
                env._(
                    "Insured items go to the insurer first. Then the agency, or counsel where a suit pays."
                ),
            ),
        ],
    }


def _china(env):
    return {
        "name": env._("China"),
        "stages": [
            {
                "day_offset": -7,
                "name": env._("Before the due date"),
                "phase": "credit",
                "owner": "sales",
                "attach_statement": True,
                "letter_title": env._("Payment reminder with statement of account"),
                "letter_text": env._(
                    "Thank you for your trust and support. The amounts below fall due shortly. Our "
                    "statement of account is enclosed; please check it and arrange the payment in time."
                ),
                "letter_closing": env._(
                    "If it differs from your books, or an invoice has not reached you, please tell "
                    "{contact} before the due date; we will see to it at once.\n"
                    "If you have paid already, please disregard this letter."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "The statement goes to their finance department. Ask whether invoice and "
                        "acceptance are complete and the payment is in their plan of this month."
                    ),
                    env._("Before the Spring Festival begin a month earlier."),
                ),
            },
            {
                "day_offset": 1,
                "name": env._("Reminder by sales"),
                "phase": "coordination",
                "owner": "sales",
                "task": "call",
                "letter_title": env._("Reminder: payment due"),
                "letter_text": env._(
                    "The amounts below have fallen due, and we have not found your payment. It may have "
                    "been overlooked in the press of work; we write to remind you."
                ),
                "letter_closing": env._(
                    "Please arrange the payment by {deadline}. If you have paid, please ignore this "
                    "letter and send the bank slip to {contact}, so that we can allocate it. If there is "
                    "another reason, tell us, and we will find a way together."
                ),
                "reply_days": 3,
                "playbook": _note(
                    env._(
                        "Call the person who orders and the person who pays. Find out where the payment "
                        "waits: invoice, acceptance, approval, money."
                    ),
                    env._(
                        "Log the reason and a date. The salesperson stays responsible until the money is "
                        "there."
                    ),
                ),
            },
            {
                "day_offset": 15,
                "name": env._("First demand by finance"),
                "phase": "coordination",
                "owner": "finance",
                "min_share": 1.0,
                "letter_title": env._("Demand for payment"),
                "letter_text": env._(
                    "To this day you owe us {overdue} that has fallen due, the oldest item for {days} "
                    "days, as listed below."
                ),
                "letter_closing": env._(
                    "Please answer in writing within three days of receipt, with the date of payment, and "
                    "transfer the amount to the account below by {deadline}.\n"
                    "If you object to an item, please state it in writing within the same time, with its "
                    "grounds."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "Finance to finance: agree on the balance first, then on the date; both in writing."
                    ),
                    env._("A stamped answer or a part payment restarts the limitation: file it."),
                ),
            },
            {
                "day_offset": 30,
                "name": env._("Second demand, supply suspended"),
                "phase": "coordination",
                "owner": "credit",
                "send_by": "post",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Second demand and notice of suspended supply"),
                "letter_text": env._(
                    "We have reminded you repeatedly and demanded payment in writing. {overdue} is still "
                    "outstanding, the oldest item for {days} days. As our contract provides, we suspend "
                    "deliveries and services until it is paid."
                ),
                "letter_closing": env._(
                    "Please pay everything that is due within seven days, by {deadline}. Interest for "
                    "late payment counts from the day after the due date by our contract.\n"
                    "If you are short of money, send us a written plan of instalments within this time; "
                    "we are open to one."
                ),
                "reply_days": 7,
                "playbook": _note(
                    env._(
                        "By EMS with the content stated on the waybill; the number is the proof of the "
                        "demand."
                    ),
                    env._(
                        "Sales, finance and credit go together. Plans only with dates, stamp and a first "
                        "payment."
                    ),
                ),
            },
            {
                "day_offset": 60,
                "name": env._("Final demand"),
                "phase": "clearing",
                "owner": "credit",
                "send_by": "post",
                "task": "visit",
                "min_share": 1.0,
                "claims_interest": True,
                "stops_supply": True,
                "requires_approval": True,
                "letter_title": env._("Final demand for payment"),
                "letter_text": env._(
                    "{overdue} is overdue, the oldest item for {days} days. We have reminded you and "
                    "demanded payment several times, and you have not paid: you are in breach of "
                    "contract. By our contract and articles 577 and 579 of the Civil Code of the People's "
                    "Republic of China we demand payment of the following."
                ),
                "letter_closing": env._(
                    "Please pay {amount} within ten days of receipt, by {deadline}, with the damages for "
                    "late payment that contract or law provide.\n"
                    "If you do not, we take legal steps, a lawsuit or arbitration included; their costs "
                    "are yours to bear as contract and law provide.\n"
                    "{complaint}\n"
                    "This letter is our written demand. We reserve all rights. If you object to an item, "
                    "please state it in writing within the same time, with evidence."
                ),
                "reply_days": 10,
                "playbook": _note(
                    env._(
                        "Two people visit, with letter, statement and seal. Have the receipt signed or "
                        "stamped."
                    ),
                    env._("Look at the place: production, stock, people. Note it the same day."),
                    env._("Get a stamped statement or plan; without one, prepare the file for the lawyer."),
                ),
            },
            _hand_over(
                env,
                90,
                env._("Hand-over to the lawyer"),
                env._(
                    "Contract, orders, delivery and acceptance notes, tax invoices, statements, demands "
                    "with proof of delivery. The lawyer's letter is the law firm's own."
                ),
            ),
            _hand_over(
                env,
                120,
                env._("Lawsuit"),
                env._(
                    "Decide with counsel on suit and preservation of assets: limitation, evidence, costs, "
                    "what the debtor still has."
                ),
            ),
        ],
    }


PRESETS = {"europe": _europe, "us": _united_states, "china": _china}
TEXTS = ("name", "letter_title", "letter_text", "letter_closing", "playbook")
