// Checks a log's folder with the code of the Go checksum database: signed note, tree, records, proofs.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// reader finds tiles by the names of C2SP tlog-tiles; the checksum database's own differ in their beginning.
type reader struct{ folder string }

func (r reader) Height() int                            { return 8 }
func (r reader) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(r.folder, name))
		if err != nil {
			full := tlog.Tile{H: 8, L: tile.L, N: tile.N, W: 256}
			data, err = os.ReadFile(filepath.Join(r.folder, strings.Replace(full.Path(), "tile/8/", "tile/", 1)))
			if err != nil {
				return nil, err
			}
			data = data[:tile.W*32]
		}
		all = append(all, data)
	}
	return all, nil
}

func open(data []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func checkLog(folder, key string) error {
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(data, key)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, reader{folder})
	for first := int64(0); first < tree.N; first += 256 {
		width := int(min(256, tree.N-first))
		path := tlog.Tile{H: 8, L: -1, N: first / 256, W: width}.Path()
		bundle, err := os.ReadFile(filepath.Join(folder, strings.Replace(path, "tile/8/data/", "tile/entries/", 1)))
		if err != nil {
			return err
		}
		for index := first; index < first+int64(width); index++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("the bundle ends within entry %d", index)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			proof, err := tlog.ProveRecord(tree.N, index, hashes)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				return fmt.Errorf("entry %d: %v", index, err)
			}
		}
	}
	fmt.Println(tree.N)
	return nil
}

// split takes a proof apart: the values of its first lines, its hashes, the checkpoint.
func split(path string) (map[string]string, []tlog.Hash, []byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, err
	}
	end := bytes.Index(data, []byte("\n\n"))
	if end < 0 {
		return nil, nil, nil, errors.New("no empty line")
	}
	values := map[string]string{}
	var hashes []tlog.Hash
	for _, line := range strings.Split(string(data[:end]), "\n") {
		if name, value, found := strings.Cut(line, " "); found {
			values[name] = value
		} else if hash, err := tlog.ParseHash(line); err == nil {
			hashes = append(hashes, hash)
		}
	}
	return values, hashes, data[end+2:], nil
}

func checkProof(path, key string) error {
	values, hashes, checkpoint, err := split(path)
	if err != nil {
		return err
	}
	tree, err := open(checkpoint, key)
	if err != nil {
		return err
	}
	entry, err := base64.StdEncoding.DecodeString(values["extra"])
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(values["index"], 10, 64)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func checkConsistency(path, key, old string) error {
	_, hashes, checkpoint, err := split(path)
	if err != nil {
		return err
	}
	tree, err := open(checkpoint, key)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(old)
	if err != nil {
		return err
	}
	before, err := open(data, key)
	if err != nil {
		return err
	}
	return tlog.CheckTree(hashes, tree.N, tree.Hash, before.N, before.Hash)
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func main() {
	key, err := os.ReadFile(os.Args[3])
	if err == nil {
		switch os.Args[1] {
		case "log":
			err = checkLog(os.Args[2], string(key))
		case "proof":
			err = checkProof(os.Args[2], string(key))
		case "consistency":
			err = checkConsistency(os.Args[2], string(key), os.Args[4])
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "WRONG:", err)
		os.Exit(1)
	}
}
