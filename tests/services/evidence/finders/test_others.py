"""Ruby, PHP, and the ecosystems that one file shows."""

from __future__ import annotations

import pytest

from tests.services.evidence.finders.seeing import lines

GEMS = {"Gemfile": "gem 'rake'\ngem 'rubocop'\n"}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({**GEMS, "spec/a_spec.rb": ""}, "bundle exec rspec"),
        ({"spec/models/a_spec.rb": ""}, "rspec"),
        ({**GEMS, "bin/rails": "", "test/test_a.rb": ""}, "bin/rails test"),
        ({**GEMS, "Rakefile": "Rake::TestTask.new\n"}, "bundle exec rake test"),
        ({"Rakefile": "task :test do\nend\n"}, "rake test"),
        ({"Rakefile": "task default: :spec\n"}, "rake"),
        (GEMS, ""),
        ({"composer.json": '{"scripts": {"test": "phpunit"}}', "phpunit.xml": ""}, "composer test"),
        ({"composer.json": "{}", "phpunit.xml.dist": ""}, "vendor/bin/phpunit"),
        ({"composer.json": "[]"}, ""),
        ({"build.gradle.kts": "", "gradlew": ""}, "./gradlew test"),
        ({"build.gradle": 'kotlin("multiplatform")', "gradlew": ""}, "./gradlew allTests"),
        ({"settings.gradle": "", "app/build.gradle": ""}, "gradle test"),
        ({"pom.xml": "", "core/pom.xml": ""}, "mvn -B test"),
        ({"pom.xml": "", "mvnw": ""}, "./mvnw -B test"),
        ({"A.sln": '"A", "src\\A.csproj"', "src/A.csproj": ""}, "dotnet test"),
        ({"native.sln": '"a.vcxproj"'}, ""),
        ({"A.fsproj": ""}, "dotnet test"),
        ({"src/A.csproj": ""}, "(cd src/ && dotnet test)"),
        ({"build.sbt": ""}, "sbt test"),
        ({"mix.exs": "", "test/a_test.exs": ""}, "mix test"),
        ({"t/a.t": "", "lib/A.pm": ""}, "prove -lr t"),
        ({"t/a.t": "", "lib/A.pm": "", "Makefile.PL": ""}, "perl Makefile.PL && make test"),
        ({"test.pl": "", "A.pm": "", "Makefile.PL": ""}, "perl Makefile.PL && make test"),
        ({"pom.xml": "", "build.gradle": ""}, "mvn -B test"),
    ],
)
def test_tests_are_run_by_the_ecosystems_own_tool(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({**GEMS, ".rubocop.yml": ""}, "bundle exec rubocop"),
        ({".rubocop.yml": ""}, "rubocop"),
        ({"composer.json": '{"scripts": {"lint": "x"}}', "phpstan.neon": ""}, "composer lint"),
        ({"phpstan.neon.dist": ""}, "vendor/bin/phpstan analyse --no-progress"),
        ({"mix.exs": "", ".formatter.exs": "", ".credo.exs": ""}, "mix format --check-formatted && mix credo"),
    ],
)
def test_linters_are_run_where_they_are_configured(files: dict[str, str], command: str) -> None:
    assert lines(files)["lint"] == command
