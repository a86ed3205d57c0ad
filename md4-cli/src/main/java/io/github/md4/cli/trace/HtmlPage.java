// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trace.Trace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A page that plays traces in a browser, in one file. */
public record HtmlPage(List<Trace> traces) {
  private static final String PAGE = "page.html";
  private static final String PLACE = "\"TRACES\"";

  /** Writes the page, and replaces an old one. */
  public void write(Path file) throws IOException {
    String page;
    try (InputStream in = HtmlPage.class.getResourceAsStream(PAGE)) {
      page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    // No text of a sample ends the script.
    String data = json().toString().replace("<", "\\u003c");
    OutputFile.write(file, page.replace(PLACE, data));
  }

  private ArrayNode json() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (Trace trace : traces) {
      ObjectNode json = all.addObject();
      ObjectNode about = json.putObject("about");
      trace.header().about().forEach(about::put);
      json.put("separator", trace.header().separator());
      trace.header().image().ifPresent(image -> json.set("image", json(image)));
      ArrayNode samples = json.putArray("samples");
      trace.histories().forEach(history -> samples.add(json(history)));
    }
    return all;
  }

  private static ArrayNode json(ImageShape image) {
    return JsonNodeFactory.instance
        .arrayNode()
        .add(image.height())
        .add(image.width())
        .add(image.colours());
  }

  private static ObjectNode json(Trace.History history) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("sample", history.sample());
    ArrayNode start = json.putArray("start");
    history.initial().forEach(text -> start.add(orNull(text)));
    ArrayNode events = json.putArray("events");
    for (Trace.Event event : history.events()) {
      ArrayNode one =
          events
              .addArray()
              .add(event.step())
              .add(event.time())
              .add(event.position())
              .add(orNull(event.text()));
      if (!Double.isNaN(event.probability())) {
        one.add(event.probability());
      }
    }
    return json;
  }

  private static String orNull(String text) {
    return text.equals(Tokenizer.MASK_TEXT) ? null : text;
  }
}
