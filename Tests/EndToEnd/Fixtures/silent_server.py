"""Takes connections and says nothing."""
import argparse, socket, time

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
listener = socket.create_server(("127.0.0.1", parser.parse_args().port))
kept = []
while True:
    kept.append(listener.accept())
