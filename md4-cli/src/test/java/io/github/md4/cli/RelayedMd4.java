// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/**
 * A program for scripts that has this Java run md4, one call after another, so that no call starts
 * a Java of its own.
 */
final class RelayedMd4 {
  private static final int POLL_MILLIS = 10;

  /** Notes what it is asked for, and waits for what comes of it. */
  private static final String PROGRAM =
      """
      #!/bin/sh
      echo "$1 $2" >>'FOLDER/calls'
      call=$(mktemp -d 'FOLDER/call.XXXXXX')
      for word; do printf '%s\\n' "$word"; done >"$call/words.part"
      mv "$call/words.part" "$call/words"
      until [ -e "$call/code" ]; do sleep 0.02; done
      cat "$call/out"
      cat "$call/err" >&2
      exit "$(cat "$call/code")"
      """;

  private final Path folder;
  private final Thread runner;
  private volatile boolean isClosed;

  private RelayedMd4(Path folder) {
    this.folder = folder;
    this.runner = new Thread(this::run, "relayed md4");
  }

  /** Writes the program, {@code md4} in a folder, and runs what it is asked for. */
  static RelayedMd4 start(Path folder) throws IOException {
    RelayedMd4 md4 = new RelayedMd4(folder);
    Files.writeString(md4.program(), PROGRAM.replace("FOLDER", folder.toString()));
    Files.setPosixFilePermissions(md4.program(), PosixFilePermissions.fromString("rwxr-xr-x"));
    md4.runner.start();
    return md4;
  }

  Path program() {
    return folder.resolve("md4");
  }

  /** Returns the first two words of each call. */
  List<String> calls() throws IOException {
    return Files.readAllLines(callsFile());
  }

  void forgetCalls() throws IOException {
    Files.delete(callsFile());
  }

  private Path callsFile() {
    return folder.resolve("calls");
  }

  private void run() {
    try {
      while (!isClosed) {
        for (Path call : waiting()) {
          answer(call);
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Path> waiting() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> Files.exists(file.resolve("words")))
          .filter(file -> Files.notExists(file.resolve("code")))
          .toList();
    }
  }

  private static void answer(Path call) throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Files.readAllLines(call.resolve("words")).toArray(String[]::new);
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err), words);
    Files.writeString(call.resolve("out"), out.toString(), UTF_8);
    Files.writeString(call.resolve("err"), err.toString(), UTF_8);
    Path part = Files.writeString(call.resolve("code.part"), "" + code);
    Path unused = Files.move(part, call.resolve("code"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Waits for the call that runs, and runs no further ones. */
  void stop() throws InterruptedException {
    isClosed = true;
    runner.join();
  }
}
