import pytest

from training.expert import sources


def test_every_label_of_the_subjects_has_a_render_of_the_published_archive(downloads):
    labels = sources.code_points()
    assert len(sources.renders()) == 3391
    assert labels["teacher"] == "1f9d1-200d-1f3eb"


def test_a_tone_gives_another_render_of_the_same_person(downloads):
    teacher = sources.code_points()["teacher"]
    assert sources.with_tone(teacher, "1f3fb") == "1f9d1-1f3fb-200d-1f3eb"
    assert sources.with_tone(sources.code_points()["man detective"], "1f3fb") == "1f575-1f3fb-200d-2642-fe0f"
    assert sources.with_tone(sources.code_points()["dog"], "1f3fb") is None


def test_an_archive_with_other_bytes_is_refused(tmp_path):
    archive = sources.Archive("https://example.org/a.tgz", sources.integrity(b"right", "sha512"))
    (tmp_path / "a.tgz").write_bytes(b"wrong")
    with pytest.raises(ValueError, match="digest"):
        sources.fetch(archive, tmp_path)
    (tmp_path / "a.tgz").write_bytes(b"right")
    assert sources.fetch(archive, tmp_path).read_bytes() == b"right"
