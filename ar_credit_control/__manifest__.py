{
    "name": "Receivables Credit Control",
    "summary": "Credit limits, order holds, dunning and receivables ageing that tie to the ledger",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "ar_credit_control maintainers",
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
        # authority: who decides up to which amount
        "security/authority/ir.model.access.csv",
        "security/authority/ar_credit_authority_rules.xml",
        "views/authority/ar_credit_authority_views.xml",
        # credit: ratings, profiles, exposure
        "security/credit/ir.model.access.csv",
        "security/credit/ar_credit_rules.xml",
        "data/credit_rating_data.xml",
        "views/credit/ar_credit_rating_views.xml",
        "views/credit/ar_credit_profile_views.xml",
        "views/credit/ar_credit_exposure_views.xml",
        "views/credit/res_partner_views.xml",
        "views/credit/res_config_settings_views.xml",
        "views/credit/menus.xml",
        # scores: scorecards, behaviour, financial statements, agency reports
        # reviews of limits
        # cover: securities and bills of exchange
        # ageing
        "security/aging/ir.model.access.csv",
        "security/aging/ar_aging_rules.xml",
        "data/aging_bucket_data.xml",
        "views/aging/ar_aging_bucket_views.xml",
        "views/aging/ar_aging_report_views.xml",
        # rules
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
        "views/hold/res_config_settings_views.xml",
        "views/hold/menus.xml",
        # dunning
        "security/dunning/ir.model.access.csv",
        "security/dunning/ar_dunning_rules.xml",
        "report/dunning_letter_templates.xml",
        "data/dunning_mail_templates.xml",
        "data/dunning_policy_data.xml",
        "data/dunning_cron.xml",
        "wizards/ar_dunning_propose_views.xml",
        "views/dunning/ar_dunning_left_out_views.xml",
        "views/dunning/ar_dunning_letter_views.xml",
        "views/dunning/ar_dunning_run_views.xml",
        "views/dunning/ar_dunning_policy_views.xml",
        "views/dunning/ar_dunning_preview_views.xml",
        "views/dunning/account_move_views.xml",
        "views/dunning/ar_aging_report_views.xml",
        "views/dunning/ar_credit_profile_views.xml",
        "views/dunning/menus.xml",
    ],
    "demo": [
        "demo/ar_credit_demo_company.xml",
        "demo/ar_credit_demo_users.xml",
        "demo/ar_credit_demo_customers.xml",
        "demo/ar_credit_demo_profiles.xml",
        "demo/ar_credit_demo_documents.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "ar_credit_control/static/src/aging/*",
            "ar_credit_control/static/src/credit/**/*",
        ],
        "web.assets_backend_lazy": [
            "ar_credit_control/static/src/aging/lazy/*",
        ],
        "web.assets_tests": [
            "ar_credit_control/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
    "application": True,
    "installable": True,
}
