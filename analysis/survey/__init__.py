"""Where in real text does a head look far, and for what? A corpus read whole, with every head's use of it in tables."""

from analysis.survey.results import Survey, folder_of, name_of, passages, read_survey, surveys_of
from analysis.survey.run import here, survey
from analysis.survey.sources import SurveyError
from analysis.survey.workers import on_ray

__all__ = [
    "Survey",
    "SurveyError",
    "folder_of",
    "here",
    "name_of",
    "on_ray",
    "passages",
    "read_survey",
    "survey",
    "surveys_of",
]
