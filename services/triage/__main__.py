"""python -m services.triage"""

from libs.common.app import serve
from services.triage.app import create_app
from services.triage.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
