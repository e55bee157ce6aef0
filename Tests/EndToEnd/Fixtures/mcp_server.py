"""An MCP server made with the official Python SDK: Streamable HTTP at `/mcp`, in all versions that it speaks."""

import argparse
import logging

import uvicorn
from mcp.server import MCPServer

server = MCPServer("ledger")
called: list[str] = []


@server.tool()
def read(account: str) -> str:
    """Reads an account."""
    called.append("read")
    return f"account {account} of dana.reyes@example.com holds 1204.50"


@server.tool()
def pay(amount: int) -> str:
    """Pays."""
    called.append("pay")
    return f"paid {amount}"


@server.tool()
def drop(table: str) -> str:
    """Drops a table."""
    called.append("drop")
    return f"dropped {table}"


@server.tool()
def calls() -> str:
    """Which tools were called, so that a test can tell what reached the server."""
    return ",".join(called)


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, required=True)
port = parser.parse_args().port
logging.disable()
uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=port, log_level="critical")
