// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** {@code /}: a page on which a template is typed and fills. */
final class PageEndpoint implements Endpoint {
  private static final String PAGE = "page.html";

  private final byte[] page;

  PageEndpoint() {
    try (InputStream in = PageEndpoint.class.getResourceAsStream(PAGE)) {
      page = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return "/";
  }

  @Override
  public boolean isGuarded() {
    return false;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    exchange.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
            + " connect-src 'self'; img-src data:; frame-ancestors 'none'");
    exchange.setHeader("Cache-Control", "no-cache");
    exchange.send(200, "text/html; charset=utf-8", page);
  }
}
