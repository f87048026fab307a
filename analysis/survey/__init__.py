"""Where in real text does a head look far, and for what? A corpus read whole, with every head's use of it in tables."""

from analysis.survey.results import Survey, folder_of, name_of, passages, read_survey, surveys_of
from analysis.survey.run import survey
from analysis.survey.sources import SurveyError

__all__ = [
    "Survey",
    "SurveyError",
    "folder_of",
    "name_of",
    "passages",
    "read_survey",
    "survey",
    "surveys_of",
]
