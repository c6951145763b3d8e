"""What holds for the whole addon, whatever capability a model or field belongs to."""

import ast

from odoo.tests import TransactionCase, new_test_user, tagged

MODULE = "ar_credit_control"
LARGE_TABLES = ("account.move", "account.move.line", "account.payment", "sale.order", "sale.order.line")
READ_BY_CUSTOMERS = (*LARGE_TABLES, "res.partner")
GROUPS = ("group_credit_user", "group_collector", "group_credit_controller", "group_credit_manager")


@tagged("post_install", "-at_install")
class TestBones(TransactionCase):
    def _own_fields(self, model_name):
        return [field for field in self.env[model_name]._fields.values() if set(field._modules) == {MODULE}]

    def _own_models(self):
        return [
            model
            for name, model in self.env.registry.items()
            if name.startswith("ar.") and not model._abstract and model._original_module == MODULE
        ]

    def test_fields_on_core_documents_are_internal(self):
        for model_name in READ_BY_CUSTOMERS:
            for field in self._own_fields(model_name):
                self.assertTrue(field.groups, f"{field}: a customer could read it in the portal")

    def test_large_tables_are_not_rewritten(self):
        for model_name in LARGE_TABLES:
            for field in self._own_fields(model_name):
                if not field.store or not field.column_type:
                    continue
                self.assertFalse(field.compute, f"{field}: stored and computed on a large table")
                self.assertFalse(field.default, f"{field}: a default rewrites a large table at installation")
                self.assertFalse(field.required, f"{field}: required on a large table")

    def test_models_are_protected(self):
        for model in self._own_models():
            name = model._name
            access = self.env["ir.model.access"].sudo().search([("model_id.model", "=", name)])
            self.assertTrue(access, f"{name}: nobody has access rights")
            self.assertTrue(all(access.mapped("group_id")), f"{name}: open to everyone, the public included")
            readable = any(access.mapped("perm_read"))
            if model._transient or not readable or "company_id" not in model._fields:
                continue
            rules = self.env["ir.rule"].sudo().search([("model_id.model", "=", name), ("global", "=", True)])
            self.assertTrue(
                any("company" in (rule.domain_force or "") for rule in rules),
                f"{name}: has a company and no global company rule",
            )

    def test_auditor_writes_nothing(self):
        auditor = new_test_user(self.env, "bones-auditor", groups=f"{MODULE}.group_credit_auditor")
        for model in self._own_models():
            if model._transient:
                continue
            records = self.env[model._name].with_user(auditor)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(records.has_access(operation), f"auditor may {operation} {model._name}")

    def test_evidence_is_not_deletable(self):
        manager = new_test_user(self.env, "bones-manager", groups=f"{MODULE}.group_credit_manager")
        for name in ("ar.credit.profile", "ar.credit.hold", "ar.dunning.letter"):
            self.assertFalse(self.env[name].with_user(manager).has_access("unlink"), name)

    def test_every_menu_opens_for_every_role(self):
        """Each window action below our menu loads its views and its first page for each role that sees it."""
        for group in (*GROUPS, "group_credit_auditor"):
            user = new_test_user(self.env, f"bones-menu-{group}", groups=f"{MODULE}.{group}")
            env = self.env(user=user)
            root = self.env.ref(f"{MODULE}.menu_root")
            visible = env["ir.ui.menu"]._visible_menu_ids()
            self.assertIn(root.id, visible, f"{group} does not see the application")
            menus = self.env["ir.ui.menu"].search([("id", "child_of", root.id), ("id", "in", list(visible))])
            for menu in menus:
                if menu.action and menu.action._name == "ir.actions.act_window":
                    with self.subTest(role=group, menu=menu.complete_name):
                        self._open(env, menu.action)

    def _open(self, env, action):
        action = env["ir.actions.act_window"].browse(action.id)
        values = action.sudo().read()[0]
        context = {**env.context, **ast.literal_eval(values["context"].replace("uid", str(env.uid)) or "{}")}
        model = env[values["res_model"]].with_context(**context)
        views = model.get_views(values["views"])
        for view_type in views["views"]:
            if view_type in ("list", "kanban"):
                model.web_search_read([], {"display_name": {}}, limit=2)
