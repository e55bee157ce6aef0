"""The official Python SDK's MCP client: connects, lists tools, calls some; prints what it got as JSON."""

import argparse
import asyncio
import json

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

parser = argparse.ArgumentParser()
parser.add_argument("--url", required=True)
parser.add_argument("--token", required=True)
parser.add_argument("--mode", required=True, help="legacy (initialize), auto (discover), or a version")
options = parser.parse_args()


async def call(client: Client, tool: str, arguments: dict) -> dict:
    try:
        result = await client.call_tool(tool, arguments)
        return {"text": result.content[0].text, "is_error": bool(result.is_error)}
    except Exception as error:
        return {"refused": str(error)}


async def main() -> dict:
    headers = {"Authorization": f"Bearer {options.token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(options.url, http_client=http)
        async with Client(transport, mode=options.mode) as client:
            return {
                "version": client.protocol_version,
                "tools": [tool.name for tool in (await client.list_tools()).tools],
                "read": await call(client, "read", {"account": "a-1"}),
                "small": await call(client, "pay", {"amount": 5}),
                "large": await call(client, "pay", {"amount": 500}),
                "drop": await call(client, "drop", {"table": "accounts"}),
                "calls": await call(client, "calls", {}),
            }


print(json.dumps(asyncio.run(main())))
