// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.trace.Browser;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page at the root of a server, as a person uses it. */
@Timeout(120)
final class PageTest {
  private static final String TEXTS =
      "[...document.querySelectorAll('.sample')].map(s => [...s.querySelectorAll('.cell')]"
          + ".map(c => c.classList.contains('mask') ? '_' : c.textContent).join('')).join('|')";

  @TempDir private Path folder;

  @TempDir private static Path profile;
  @AutoClose private static final Browser.Shared BROWSER = new Browser.Shared();

  @Test
  void page_namesNothingOutsideItself() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      TestServer.Answer page = server.get("/");
      assertThat(page.status()).isEqualTo(200);
      assertThat(page.body()).doesNotContain("http:", "https:", "src=", "@import", "url(");
      assertThat(page.response().headers().firstValue("Content-Security-Policy").orElse(""))
          .contains("default-src 'none'", "connect-src 'self'");
    }
  }

  @Test
  void page_fillsATemplate() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      Browser browser = BROWSER.begin(profile);
      String url = server.uri("/").toString();
      browser.open(url);
      await(browser, "document.getElementById('name').textContent", TestServer.NAME);
      fill(browser);
      maskAgain(browser);
      score(browser);
      fail(browser);
      assertThat(browser.complaints()).allMatch(text -> text.contains("\"url\":\"" + url));
    }
  }

  private static void fill(Browser browser) throws Exception {
    type(browser, "ab[MASK*3]d");
    browser.run(
        "document.getElementById('seed').value = '9'; document.getElementById('count').value = 2");
    browser.run("document.getElementById('go').click()");
    await(browser, "document.querySelectorAll('.note button:not([hidden])').length", "2");
    await(browser, "document.getElementById('share').textContent", "100%");
    String[] texts = browser.eval(TEXTS).asText().split("\\|", -1);
    assertThat(texts).hasSize(2).allMatch(text -> text.matches("ab[ a-f\u00a0]{3}d"));
    assertThat(browser.eval("document.querySelectorAll('.cell.given').length").asInt())
        .isEqualTo(6);
    // At the beginning of the way all that is not given is masked.
    browser.run(
        "(s => { s.value = 0; s.dispatchEvent(new Event('input')); })(document.getElementById('slider'))");
    assertThat(browser.eval(TEXTS).asText()).isEqualTo("ab___d|ab___d");
  }

  /** A token that is clicked becomes a hole, and the rest stays. */
  private static void maskAgain(Browser browser) throws Exception {
    browser.run("document.querySelectorAll('.sample')[1].querySelectorAll('.cell')[3].click()");
    String before = browser.eval(TEXTS).asText().split("\\|", -1)[1];
    assertThat(before.charAt(3)).isEqualTo('_');
    assertThat(browser.eval("document.getElementById('template').value").asText())
        .isEqualTo(before.replace("_", "[MASK]").replace('\u00a0', ' '));
    browser.run(
        "document.getElementById('share').textContent = ''; document.getElementById('go').click()");
    await(browser, "document.getElementById('share').textContent", "100%");
    String after = browser.eval(TEXTS).asText().split("\\|", -1)[0];
    assertThat(after).matches(before.replace("_", "[ a-f\u00a0]"));
  }

  private static void score(Browser browser) throws Exception {
    browser.run("document.querySelector('.note button').click()");
    String text = "document.querySelector('.note button').textContent";
    await(browser, text + ".includes('bits per character')", "true");
    assertThat(browser.eval(text).asText()).matches("\\d+\\.\\d{3} \u00b1 .*");
  }

  private static void fail(Browser browser) throws Exception {
    type(browser, "xyz[MASK]");
    browser.run("document.getElementById('go').click()");
    await(browser, "document.getElementById('problem').hidden", "false");
    assertThat(browser.eval("document.getElementById('problem').textContent").asText())
        .contains("xyz");
  }

  private static void type(Browser browser, String template) throws Exception {
    browser.run(
        "(t => { t.value = '%s'; t.dispatchEvent(new Event('input')); })(document.getElementById('template'))"
            .formatted(template));
  }

  private static void await(Browser browser, String expression, String expected) throws Exception {
    for (JsonNode is = browser.eval(expression);
        !is.asText().equals(expected);
        is = browser.eval(expression)) {
      Thread.sleep(20);
    }
  }

  /** Where a person wants no motion, samples stand there without it. */
  @Test
  void page_fillsWithoutMotion() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      Browser browser = BROWSER.begin(profile);
      browser.prefer("prefers-reduced-motion", "reduce");
      browser.open(server.uri("/").toString());
      type(browser, "ab[MASK*3]d");
      browser.run("document.getElementById('count').value = 1");
      browser.run("document.getElementById('go').click()");
      await(browser, "document.getElementById('half').hidden", "false");
      assertThat(browser.eval(TEXTS).asText()).matches("ab[ a-f\u00a0]{3}d");
    }
  }

  /** Of a draw that ends before its end, what has come is shown, and played again. */
  @Test
  void page_playsWhatCameOfADrawThatFailed() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      Browser browser = BROWSER.begin(profile);
      browser.open(server.uri("/").toString());
      await(browser, "document.getElementById('name').textContent", TestServer.NAME);
      browser.run(
          """
          window.fetch = async () => new Response(new ReadableStream({
            start(controller) {
              const send = (name, data) => controller.enqueue(
                  new TextEncoder().encode(`event: ${name}\\ndata: ${JSON.stringify(data)}\\n\\n`));
              send('start', {n: 1, seed: 1, start: ['a', null, null], separator: ''});
              send('reveal', {index: 0, position: 1, text: 'b', time: .5, step: 1, probability: 1});
              send('error', {error: {message: 'the server ends'}});
            }
          }))
          """);
      browser.run("document.getElementById('go').click()");
      await(browser, "document.getElementById('problem').textContent", "the server ends");
      for (String button : new String[] {"go", "replay", "replay"}) {
        browser.run("document.getElementById('share').textContent = ''");
        browser.run("document.getElementById('%s').click()".formatted(button));
        await(browser, "document.getElementById('share').textContent", "100%");
        await(browser, "document.querySelectorAll('.busy').length", "0");
        assertThat(browser.eval("document.getElementById('half').hidden").asBoolean()).isTrue();
        assertThat(browser.eval(TEXTS).asText()).isEqualTo("ab_");
      }
    }
  }

  /** A server with a token shows the page, which asks for the token. */
  @Test
  void page_asksForTheToken() throws Exception {
    BearerToken token = BearerToken.read(Files.writeString(folder.resolve("token"), "secret\n"));
    try (TestServer server = TestServer.start(folder, TestServer.QUICK, token)) {
      Browser browser = BROWSER.begin(profile);
      browser.open(server.uri("/").toString());
      await(browser, "document.getElementById('tokenRow').hidden", "false");
      for (String wrong : new String[] {"wrong", "\u6f22"}) { // no header can have the second
        browser.run("document.getElementById('token').value = '%s'".formatted(wrong));
        browser.run("document.getElementById('tokenOk').click()");
        await(browser, "document.getElementById('tokenRow').hidden", "false");
        assertThat(browser.eval("document.getElementById('problem').hidden").asBoolean()).isFalse();
      }
      browser.run("document.getElementById('token').value = 'secret'");
      browser.run("document.getElementById('tokenOk').click()");
      await(browser, "document.getElementById('name').textContent", TestServer.NAME);
    }
  }
}
