{
    "name": "Receivables Credit Control",
    "summary": "Credit limits, order holds, dunning and receivables ageing that tie to the ledger",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "ar_credit_control maintainers",
    "website": "https://pypi.org/project/odoo-addon-ar-credit-control/",
    "depends": [
        "account",
        "account_payment",
        "account_debit_note",
        "sale",
        "mail",
        "portal",
    ],
    "external_dependencies": {"python": ["xlsxwriter"]},
    "data": [
        "security/ar_credit_control_groups.xml",
        "views/menus.xml",
        # company settings
        "views/company/res_config_settings_views.xml",
        # credit: ratings, profiles, exposure
        "security/credit/ir.model.access.csv",
        "security/credit/ar_credit_rules.xml",
        "data/credit_rating_data.xml",
        # ageing
        "security/aging/ir.model.access.csv",
        "security/aging/ar_aging_rules.xml",
        "data/aging_bucket_data.xml",
        # holds
        "security/hold/ir.model.access.csv",
        "security/hold/ar_credit_hold_rules.xml",
        "data/hold_activity_data.xml",
        "data/hold_cron.xml",
        "wizards/ar_credit_hold_decision_views.xml",
        "views/hold/credit_banner_templates.xml",
        "views/hold/portal_templates.xml",
        "views/hold/ar_credit_hold_views.xml",
        "views/hold/sale_order_views.xml",
        "views/hold/menus.xml",
        # dunning
    ],
    "demo": [
        "demo/ar_credit_demo_company.xml",
        "demo/ar_credit_demo_users.xml",
        "demo/ar_credit_demo_customers.xml",
        "demo/ar_credit_demo_profiles.xml",
        "demo/ar_credit_demo_documents.xml",
    ],
    "application": True,
    "installable": True,
}
