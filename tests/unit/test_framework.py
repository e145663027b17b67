"""No environment and no provider makes a door report what is asked of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.framework import silent_app

API = Path(__file__).parents[2] / "api"


def test_no_environment_and_no_provider_turns_reports_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    assert FastAPI()._telemetry["auto_configure"] is True, "the switch has another name now: look again"
    app = silent_app()
    monkeypatch.setattr("fastapi.telemetry._asgi._unconfigured", lambda _: False)  # as if some package had set a provider
    assert FastAPI()._native_telemetry.enabled()
    assert not app._native_telemetry.enabled()
    assert app._telemetry["auto_configure"] is False


def test_no_door_makes_an_application_in_another_way() -> None:
    makers = {
        path.name
        for path in API.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"FastAPI", "APIRouter"}
    }
    assert makers == {"framework.py"}
