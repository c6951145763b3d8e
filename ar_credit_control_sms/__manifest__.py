{
    "name": "Receivables Credit Control: SMS",
    "summary": "Dunning stages that reach the customer by SMS",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "ar_credit_control maintainers",
    "depends": ["ar_credit_control", "sms"],
    "data": [
        "views/ar_collection_case_views.xml",
        "views/ar_dunning_policy_views.xml",
        "views/ar_dunning_letter_views.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
    "installable": True,
}
