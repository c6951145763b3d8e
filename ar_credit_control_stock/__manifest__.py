{
    "name": "Receivables Credit Control: Deliveries",
    "summary": "Deliveries of held customers and orders wait for credit control",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "license": "LGPL-3",
    "author": "ar_credit_control maintainers",
    "depends": ["ar_credit_control", "sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "data/delivery_activity_data.xml",
        "views/ar_credit_hold_views.xml",
        "views/stock_picking_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/ar_credit_demo_deliveries.xml"],
    "assets": {
        "web.assets_tests": [
            "ar_credit_control_stock/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
    "installable": True,
}
