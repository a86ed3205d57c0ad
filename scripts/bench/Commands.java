// SPDX-License-Identifier: Apache-2.0

import io.github.md4.cli.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;

/**
 * Commands of md4 in one process, which loads libraries and kernels once. Each line of stdin is a
 * name, a tabulator and the words of a command; each line of stdout is the name, a tabulator and
 * what the command printed. The first that fails ends all.
 *
 * <pre>java -cp md4-cli/target/md4-cli.jar scripts/bench/Commands.java</pre>
 */
final class Commands {
  private Commands() {}

  public static void main(String[] args) throws IOException {
    System.setProperty("ai.djl.pytorch.graph_optimizer", "false"); // as md4 itself has it
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split("\t");
      StringWriter printed = new StringWriter();
      int code = Main.execute(new PrintWriter(printed), err, parts[1].trim().split(" +"));
      if (code != 0) {
        err.println(parts[0] + " ended with " + code);
        System.exit(code);
      }
      System.out.println(parts[0] + "\t" + printed.toString().strip());
      System.out.flush();
    }
    System.exit(0);
  }
}
