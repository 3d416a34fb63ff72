"""The page in a real browser: no errors, filters, details by mouse and keyboard, nothing runs."""

from __future__ import annotations

import colorsys
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.fake_study import Recipe, hostile_study, make_study, mixed, trained_study
from wordnum.analyzers.plotting import LESS, MORE, PERIODS
from wordnum.report.page import write_page

pytestmark = pytest.mark.long

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(make_study(tmp_path_factory.mktemp("study") / "out", mixed()))


@pytest.fixture
def page(browser: Any, path: Path) -> Iterator[Any]:
    yield from opened_page(browser, path)


@pytest.fixture
def hostile(browser: Any, tmp_path: Path) -> Iterator[Any]:
    yield from opened_page(browser, write_page(hostile_study(tmp_path / "out")))


def opened_page(browser: Any, path: Path) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(120_000)  # a busy machine is slow, not wrong
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("console", lambda m: m.type == "error" and opened.problems.append(m.text))
    opened.on("dialog", lambda dialog: opened.problems.append(f"dialog {dialog.message}"))
    opened.goto(path.as_uri())
    yield opened
    assert opened.problems == []
    opened.close()


def rows(page: Any) -> list[str]:
    return page.locator("[data-record]:visible").evaluate_all("r => r.map(x => x.dataset.record)")


def test_the_page_loads_and_shows_every_system_without_running_its_words(page: Any):
    assert len(rows(page)) > 3
    assert "<script>alert(1)</script>" in page.inner_text("body")


def test_hostile_names_are_shown_and_run_nothing(hostile: Any):
    assert hostile.locator("[data-record]").count() == 4
    for row in range(4):
        hostile.locator("[data-record] th").nth(row).click()
        hostile.locator("#detail-h").wait_for()
        hostile.keyboard.press("Escape")
    hostile.locator("tr[data-record] td[data-t='10']").first.hover()
    for view in ("single group", "leave-one-out"):
        hostile.locator("#attribution").get_by_role("radio", name=view).click()
    for details in hostile.locator("#made details summary").all():
        details.click()
    said = hostile.inner_text("body")
    for section in ("h1", "#failed", "#made", "#attribution", "#words", "#comparisons"):
        assert "onerror=\"document.title='ran'\"" in hostile.inner_text(section), section
    assert "$x_{ [/b] \\x1b]0;ran\\x07" in said
    assert not set("\x1b\x07\u202e") & set(said)
    assert hostile.title() != "ran"
    assert hostile.locator("img, script:not([type]) ~ script").count() == 0
    hostile.set_viewport_size({"width": 390, "height": 800})
    assert hostile.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_command_is_copied(page: Any):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".command code").inner_text()


def test_a_confusion_matrix_is_labelled_by_the_residues_that_are_there(page: Any):
    page.get_by_placeholder("Find a system").fill("word2vec")
    page.wait_for_function("document.querySelectorAll('[data-record]').length === 1")
    page.locator("[data-record] td[data-t='10']").click()
    labels = page.locator("#detail [aria-label^='Confusion'] text.tick").all_text_contents()
    assert labels == [residue for residue in "123456789" for _ in range(2)]


def test_no_half_samples_are_not_called_too_little_data(page: Any):
    row = page.locator("[data-record]", has_text="word2vec")
    assert "no interval" in row.inner_text()
    assert "TOO LITTLE DATA" not in row.inner_text()
    assert "TOO LITTLE DATA" in page.locator("[data-record]", has_text="gensim").first.inner_text()


def test_the_theme_can_be_switched(page: Any):
    def shade() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    before = shade()
    page.get_by_role("button", name="Dark").click()
    assert shade() != before


def test_nothing_is_wider_than_a_phone(page: Any):
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_column_sorts_the_systems(page: Any):
    before = rows(page)
    button = page.locator("th[data-key='10'] button")
    button.click()
    page.wait_for_selector("th[data-key='10'][aria-sort='descending']")
    first = rows(page)
    button.click()
    page.wait_for_selector("th[data-key='10'][aria-sort='ascending']")
    assert sorted(first) == sorted(before)
    page.wait_for_function(
        f"document.querySelector('[data-record]').dataset.record !== {first[0]!r}"
    )
    assert rows(page) != first


def test_the_search_filters_the_systems(page: Any):
    everything = rows(page)
    page.get_by_placeholder("Find a system").fill("swap-numbers")
    page.wait_for_function(f"document.querySelectorAll('[data-record]').length < {len(everything)}")
    shown = rows(page)
    assert 0 < len(shown) < len(everything)
    texts = page.locator("tr[data-record]").all_inner_texts()
    assert all("swap-numbers" in text for text in texts)


def test_a_click_opens_the_details_of_a_system(page: Any):
    row = page.locator("tr[data-record]:not(.failed-row)").first
    row.locator("td[data-t='10']").click()
    heading = page.locator("#detail-h")
    heading.wait_for()
    assert heading.inner_text() in row.inner_text()
    page.keyboard.press("Escape")


def test_the_details_open_and_close_by_keyboard(page: Any):
    row = page.locator("tr[data-record]:not(.failed-row)").first
    row.locator("td[data-t='5']").focus()
    page.keyboard.press("Enter")
    page.locator("#detail-h").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('#detail-h')?.offsetParent")


def test_a_menu_filters_by_condition_and_clears_again(page: Any):
    everything = rows(page)
    page.locator("details[data-field='condition'] summary").click()
    page.get_by_label("swap-numbers", exact=True).check()
    page.wait_for_function(f"document.querySelectorAll('[data-record]').length < {len(everything)}")
    assert len(rows(page)) == 1
    assert page.locator("#shown").inner_text() == f"1 of {len(everything)} systems"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    assert rows(page) == everything


def test_nothing_found_offers_a_way_back(page: Any):
    everything = rows(page)
    page.get_by_placeholder("Find a system").fill("no such system")
    page.get_by_text("No system matches the filters.").wait_for()
    page.get_by_role("button", name="Show all").click()
    assert rows(page) == everything


def test_too_little_data_and_failures_are_said_plainly(page: Any):
    said = page.locator("#warnings").inner_text()
    assert "Too little data in places. 1 of 9 systems" in said
    assert "1 of 10 runs ended with an error" in said
    assert "GloVe did not converge" in page.locator("#failed").inner_text()


def test_comparisons_say_what_a_condition_costs(page: Any):
    section = page.locator("#comparisons")
    first = section.locator(".forest-row").first
    at_ten = first.locator(".forest-words").inner_text()
    first.scroll_into_view_if_needed()
    first.hover()
    assert "costs" in page.locator("#tip").inner_text()
    assert "points at T = 10" in page.locator("#tip").inner_text()
    assert "2 of 2 pairs of systems" in section.inner_text()
    section.get_by_role("radio", name="2", exact=True).click()
    assert first.locator(".forest-words").inner_text() != at_ten


def test_the_attribution_sums_to_the_whole_and_shows_last_digits(page: Any):
    section = page.locator("#attribution")
    assert section.locator(".heat").first.locator("tr.sum td").all_inner_texts() == ["25"] * 3
    assert "By last digit" in section.inner_text()
    section.get_by_role("radio", name="single group").click()
    assert section.locator("tr.sum").count() == 0
    section.locator("select").select_option(label="wikipedia, whole, ±1, SVD: text and numbers")
    assert section.locator(".heat").first.locator("tbody th").count() == 11


def test_words_show_their_residuals_and_ratios_and_say_it_plainly(page: Any):
    section = page.locator("#words")
    assert section.locator(".told").inner_text().startswith("80 % of the numbers beside “over”")
    rows = section.locator("tbody tr")
    assert rows.locator("th").all_inner_texts() == ["over", "about …", "… games (2)"]
    assert rows.first.locator("td.residue").count() == 10
    assert section.locator("tr.unsure th").all_inner_texts() == ["… games (2)"]
    assert section.locator(".dot.hollow").count() == 1
    section.get_by_role("radio", name="2", exact=True).click()
    assert rows.first.locator("td.residue").count() == 2
    rows.nth(1).hover()
    assert "4,000 pairs".replace(",", "\u2009") in page.locator("#tip").inner_text()


def test_on_a_phone_the_words_say_how_many_and_begin_with_odds_share_and_q(page: Any):
    page.set_viewport_size({"width": 390, "height": 800})
    section = page.locator("#words")
    assert section.locator(".counted").inner_text() == (
        "2 of the 3 shown are confirmed; 2 of the 827 tested are. "
        "Odds ratios: multiples of 5 against all others."
    )
    heads = section.locator("thead th")
    assert heads.all_inner_texts()[:5] == ["Word", "odds ratio", "share", "q", "F"]
    for seen in (section.locator(".counted"), *heads.all()[:5]):
        box = seen.bounding_box()
        assert box["x"] + box["width"] <= 390


def test_an_address_opens_its_system(page: Any, path: Path):
    record = rows(page)[2]
    page.goto(f"{path.as_uri()}#record={record}&T=5")
    page.reload()
    page.locator("#detail-h").wait_for()
    assert page.locator("#detail [role=radio][aria-checked=true]").inner_text() == "5"


def test_the_table_can_be_downloaded_as_it_is_shown(page: Any):
    page.get_by_placeholder("Find a system").fill("swap-numbers")
    with page.expect_download() as saved:
        page.get_by_role("button", name="what is shown (CSV)").click()
    lines = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 9
    assert lines[0].startswith("key,system,corpus,")


def test_cards_count_within_a_corpus_and_the_headline_stands_above_them(page: Any):
    cards = page.locator("#verdicts button").all()
    counted = [card.locator(".split > span").all_inner_texts() for card in cards]
    assert all(len(counts) == 3 for counts in counted)  # the study has three corpora
    assert sum(int(one.split()[0]) for counts in counted for one in counts) == 10
    said = page.locator("#headline p").all_inner_texts()
    assert said[0].startswith("wikipedia: n mod ")
    assert any("fewer than 40 documents" in text for text in said)
    tops = [page.locator(name).bounding_box()["y"] for name in ("#headline", "#verdicts")]
    assert tops[0] < tops[1]


def test_on_a_phone_the_explanation_comes_before_the_figure(page: Any):
    page.set_viewport_size({"width": 390, "height": 800})
    tops = [page.locator(name).bounding_box()["y"] for name in ("#reading", "#figure")]
    assert tops[0] < tops[1]


def test_no_object_is_shown_in_place_of_words(page: Any):
    assert "geometric at T = 10: kappa" in page.text_content("#reasons")
    assert "[object" not in page.text_content("main")


def test_the_words_of_a_mask_and_how_texts_were_encoded_are_shown(browser: Any, tmp_path: Path):
    name = "mask:words.txt@1a2b3c4d"
    words = ["about", "<img src=x onerror=\"document.title='ran'\">", *"abcdef"]
    encoded = {
        "name": "mine", "numerals": "whole", "ordinals": "out",
        "encoded_by": ["wordnum encode 'a b'"],
        "encoding": {"separator": "line", "tokenizer": "fast", "vocabulary_size": 50_000,
                     "drop_duplicates": True},
    }  # fmt: skip
    recipes = [Recipe(), Recipe(perturbation=name)]
    folder = make_study(tmp_path / "out", recipes, masks={name: words}, corpora=[encoded])
    for page in opened_page(browser, write_page(folder)):
        told = page.locator("[data-record] .mask")
        assert told.count() == 1
        first = ", ".join(words[:5])
        assert told.inner_text() == f"words of the file: {first} and 3 more"
        assert told.get_attribute("title") == ", ".join(words)
        assert page.locator(".forest-row .mask").inner_text() == told.inner_text()
        told.click()
        page.locator("#detail details summary").click()
        assert page.locator("#detail details p").inner_text() == ", ".join(words)
        page.keyboard.press("Escape")
        assert page.title() != "ran"
        assert (
            page.locator(".command code").inner_text().startswith("wordnum encode 'a b'\nwordnum")
        )
        said = page.locator(".corpora th small").inner_text()
        assert said.startswith("separator line, tokenizer fast, 50")
        assert said.endswith("duplicates dropped")


def test_the_tree_holds_every_system_once_and_opens_its_details(page: Any):
    trees = page.locator("#tree .tree").all()
    assert [tree.locator("figcaption").inner_text() for tree in trees] == [
        "n mod 2", "n mod 5", "n mod 10"
    ]  # fmt: skip
    for tree in trees:
        counted = tree.locator(":scope > ul > li > .branch .count").all_inner_texts()
        assert sum(map(int, counted)) == tree.locator(".names .link").count() == 9
    unread = page.locator("#tree .names small:visible").first.inner_text()
    assert unread.endswith("p = 0.005, where 5 or more counts")
    leaf = page.locator("#tree .names .link:visible").first
    leaf.click()
    page.locator("#detail-h").wait_for()
    assert page.locator("#detail-h").inner_text() in leaf.inner_text()
    page.keyboard.press("Escape")


def test_the_filters_of_the_figure_apply_to_the_tree(page: Any):
    page.get_by_placeholder("Find a system").fill("swap-numbers")
    page.wait_for_function("document.querySelectorAll('#tree .tree .names .link').length === 3")


def test_systems_can_be_grouped_by_the_label_of_the_paper(page: Any):
    page.get_by_label("Group by").select_option("paper_label")
    groups = page.locator("#grid .group th").all_inner_texts()
    assert len(groups) == len(set(groups)) > 1
    assert all(group.startswith("Label of the paper: ") for group in groups)


def test_a_modulus_has_the_colour_of_the_figures_for_print(page: Any):
    for T, color in PERIODS.items():
        shown = page.locator(f"#tree figcaption[data-period='{T}']").evaluate(
            "node => getComputedStyle(node, '::before').backgroundColor"
        )
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        assert shown == f"rgb({red}, {green}, {blue})"


def test_more_and_less_have_the_hues_of_the_figures_for_print(page: Any):
    for name, color in ((".positive", MORE), (".negative", LESS)):
        shown = page.locator(f".heat {name}").first.evaluate(
            "node => getComputedStyle(node).getPropertyValue('--tint')"
        )
        assert hue(shown) == pytest.approx(hue(color), abs=0.06)
    drawn = page.locator(".forest .dot.less").first.evaluate(
        "node => getComputedStyle(node).stroke"
    )
    assert drawn == page.evaluate(
        "(node => { node.style.color = 'var(--less)'; document.body.append(node);"
        "return getComputedStyle(node).color; })(document.createElement('p'))"
    )


def hue(color: str) -> float:
    red, green, blue = (int(color.strip()[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colorsys.rgb_to_hsv(red, green, blue)[0]


def test_training_is_shown_by_the_measure_that_is_chosen(browser: Any, tmp_path: Path):
    for page in opened_page(browser, write_page(trained_study(tmp_path / "out"))):
        page.get_by_role("radio", name="without multiples of 5").click()
        assert page.locator("#training figcaption").inner_text().endswith("without multiples of 5")
        lines = page.locator("#training svg.plot path").all()
        assert [line.get_attribute("stroke-dasharray") for line in lines] == ["6 5", None]
        assert page.locator("#training svg.plot circle").count() == 4
