// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

final class PlotCommandTest {
  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    metrics("a", 3.0);
    metrics("b", 2.5);
  }

  private void metrics(String run, double start) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int step = 100; step <= 500; step += 100) {
      String line = "{\"step\":%d,\"split\":\"%s\",\"%s\":%s}\n";
      double bits = start - step / 1000.0;
      lines.append(line.formatted(step, "train", "bitsPerToken", bits + 0.1));
      lines.append(line.formatted(step, "valid", "emaBitsPerToken", bits));
    }
    Files.createDirectories(folder.resolve(run));
    Files.writeString(folder.resolve(run).resolve("metrics.jsonl"), lines);
  }

  private NodeList paths(Path svg) throws IOException {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(svg.toFile())
          .getElementsByTagName("path");
    } catch (ParserConfigurationException | SAXException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void svg_hasALineForEachRunWithItsPoints() throws IOException {
    Path svg = folder.resolve("all.svg");
    md4(words("plot --out " + svg, "SEDD & co=" + folder.resolve("a"), folder.resolve("b")))
        .check();
    String text = Files.readString(svg);
    assertThat(text).contains(">SEDD &amp; co<", ">b<", ">step<", ">valid emaBitsPerToken<");
    int lines = 0;
    for (int i = 0; i < paths(svg).getLength(); i++) {
      String path = paths(svg).item(i).getAttributes().getNamedItem("d").getNodeValue();
      lines += path.split("L").length == 5 ? 1 : 0;
    }
    assertThat(lines).isEqualTo(2);
    // The first run's first point is the largest value, the other's last one the least.
    assertThat(text).contains("d=\"M80.00 40.00L").contains("620.00 360.00\"");
  }

  @Test
  void png_isDrawnInTheColoursOfItsLines() throws IOException {
    Path png = folder.resolve("all.png");
    md4(words("plot --perplexity --log --from 200 --out " + png, folder.resolve("a"))).check();
    BufferedImage image = ImageIO.read(png.toFile());
    Set<Integer> colors = new HashSet<>();
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        colors.add(image.getRGB(x, y) & 0xFFFFFF);
      }
    }
    assertThat(colors).contains(0x0072B2, 0xFFFFFF).doesNotContain(0xD55E00);
  }

  @Test
  void points_areDrawnByName() throws IOException {
    Path csv = folder.resolve("points.csv");
    Files.writeString(csv, "name,x,y\nmd4,64,50.5\nmd4,128,40\nsedd,64,60\n");
    Path svg = folder.resolve("points.svg");
    md4(words("plot --x-name steps --y-name perplexity --out " + svg, csv)).check();
    assertThat(Files.readString(svg)).contains(">md4<", ">sedd<", "<circle", ">steps<");
  }

  @Test
  void wrongInput_isOneLine() throws IOException {
    Path svg = folder.resolve("x.svg");
    md4(words("plot --out x.gif", folder.resolve("a"))).failed(2, "--out must end in .png or .svg");
    md4(words("plot --out " + svg, folder.resolve("none"))).failed(3, "has no metrics.jsonl");
    md4(words("plot --split test --out " + svg, folder.resolve("a")))
        .failed(3, "has no bitsPerToken of the split test; splits are valid, metrics bitsPerToken");
    md4(words("plot --metric loss --out " + svg, folder.resolve("a")))
        .failed(3, "has no loss of the split valid");
    md4(words("plot --from 1000 --out " + svg, folder.resolve("a")))
        .failed(2, "nothing of a can be drawn");
    Path damaged = Files.writeString(folder.resolve("damaged.jsonl"), "{\"step\":1}\n");
    md4(words("plot --out " + svg, damaged)).failed(3, "line 1 is no metrics with a step");
    Path csv = Files.writeString(folder.resolve("bad.csv"), "name,x,y\nmd4,64\n");
    md4(words("plot --out " + svg, csv)).failed(3, "line 2 must be name,x,y");
    assertThat(svg).doesNotExist();
  }
}
