from odoo.tests import TransactionCase, tagged

from odoo.addons.ar_credit_control.tests.common_i18n import TranslationChecks


@tagged("post_install", "-at_install")
class TestTranslations(TranslationChecks, TransactionCase):
    addon = "ar_credit_control_sms"
