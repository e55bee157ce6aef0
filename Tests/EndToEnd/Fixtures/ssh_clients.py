"""Real SSH libraries as clients: paramiko and asyncssh do what programs do with them. Prints one JSON document."""
import argparse, asyncio, hashlib, json, os, threading, time
import asyncssh, paramiko

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--token-file")
parser.add_argument("--folder")
parser.add_argument("--mode")
arguments = parser.parse_args()
token = open(arguments.token_file).read().strip()


def connect():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        "127.0.0.1", arguments.port, "web-1", token, look_for_keys=False, allow_agent=False, timeout=60,
        banner_timeout=60, auth_timeout=60, channel_timeout=60)
    return client


def use_paramiko():
    client = connect()
    result = {}
    stdin, stdout, stderr = client.exec_command("cat; echo err >&2; exit 7")
    stdin.write(b"in" * 100000)
    stdin.channel.shutdown_write()
    result["exec"] = [len(stdout.read()), stderr.read().decode(), stdout.channel.recv_exit_status()]
    # Many channels of one connection at a time, each with its own output.
    outputs = [None] * 20

    def run(number):
        _, out, _ = client.exec_command(f"sleep 0.1; echo {number}")
        outputs[number] = out.read().decode()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    result["channels"] = outputs == [f"{number}\n" for number in range(20)]
    sftp = client.open_sftp()
    data = os.urandom(2_000_003)
    with sftp.open(f"{arguments.folder}/paramiko", "wb") as file:
        file.set_pipelined(True)
        file.write(data)
    with sftp.open(f"{arguments.folder}/paramiko", "rb") as file:
        file.prefetch()
        result["sftp"] = file.read() == data
    result["listed"] = "paramiko" in sftp.listdir(arguments.folder)
    # A terminal: what is typed is echoed, its size arrives and changes.
    channel = client.invoke_shell("xterm", 101, 31)
    channel.settimeout(60)
    seen = channel.recv(65536)
    channel.send(b"PS1=; stty size; echo on$((1+1))\n")
    while b"on2" not in seen.replace(b"on$((", b""):
        seen += channel.recv(65536)
    channel.resize_pty(77, 22)
    time.sleep(0.2)
    channel.send(b"stty size; exit 5\n")
    while True:
        piece = channel.recv(65536)
        if not piece:
            break
        seen += piece
    sizes = [size for size in ("31 101", "22 77") if size.encode() in seen]
    result["terminal"] = sizes + [str(channel.recv_exit_status())]
    # paramiko answers the close of a channel from the thread that reads, which then waits for ever for new keys that only
    # it could read: none may come while those are negotiated.
    for _ in range(600):
        if channel.closed:
            break
        time.sleep(0.1)
    time.sleep(1)
    transport = client.get_transport()
    transport.send_ignore(100)
    transport.renegotiate_keys()
    _, out, _ = client.exec_command("echo after new keys")
    result["rekeyed"] = out.read().decode()
    client.close()
    return result


async def use_asyncssh():
    result = {}
    async with asyncssh.connect(
        "127.0.0.1", arguments.port, username="web-1", password=token, known_hosts=None, client_keys=None
    ) as connection:
        run = await connection.run("echo out; echo err >&2; exit 9")
        result["exec"] = [run.stdout, run.stderr, run.exit_status]
        big = await connection.run("head -c 20000000 /dev/zero", encoding=None)
        result["bytes"] = len(big.stdout)
        killed = await connection.run("kill -HUP $$")
        result["signal"] = killed.exit_signal[0] if killed.exit_signal else None
        async with connection.start_sftp_client() as sftp:
            await sftp.put(__file__, f"{arguments.folder}/asyncssh")
            await sftp.get(f"{arguments.folder}/asyncssh", f"{arguments.folder}/back")
        result["sftp"] = open(__file__).read() == open(f"{arguments.folder}/back").read()
        many = await asyncio.gather(*(connection.run(f"echo {number}") for number in range(30)))
        result["channels"] = [one.stdout for one in many] == [f"{number}\n" for number in range(30)]
        try:
            await connection.forward_remote_port("", 0, "127.0.0.1", 1)
            result["remote"] = "open"
        except (asyncssh.Error, asyncssh.ChannelListenError) as error:
            result["remote"] = str(error)
    algorithms = {}
    for kex in ["curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"]:
        for cipher in ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr"]:
            for mac in ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"]:
                if "gcm" in cipher and mac != "hmac-sha2-256":
                    continue
                if kex != "curve25519-sha256" and cipher not in ("aes256-gcm@openssh.com", "aes128-ctr"):
                    continue
                async with asyncssh.connect(
                    "127.0.0.1", arguments.port, username="web-1", password=token, known_hosts=None, client_keys=None,
                    kex_algs=[kex], encryption_algs=[cipher], mac_algs=[mac],
                ) as connection:
                    algorithms[f"{kex} {cipher} {mac}"] = (await connection.run("echo x")).stdout == "x\n"
    result["algorithms"] = len(algorithms)
    result["failed"] = [name for name, works in algorithms.items() if not works]
    return result


print(json.dumps(asyncio.run(use_asyncssh()) if arguments.mode == "asyncssh" else use_paramiko()))
