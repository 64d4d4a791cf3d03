"""The people of Heronmark Instruments, an invented maker of tide gauges and weather buoys, and the bots they use."""

from .people import Bot, Person, Role

TEAM_KEY = "heronmark"
COMPANY = "Heronmark Instruments"

_PEOPLE: tuple[tuple[str, str, str, str, str, str, str, Role], ...] = (
    # login, name, shown name, title, zone, language, teams, role
    ("marit.solberg", "Marit Solberg", "Marit", "Managing director", "Europe/Oslo", "no", "lead", "primary_owner"),
    ("jonas.weidenhofer", "Jonas Weidenhöfer", "jonas", "Head of R&amp;D", "Europe/Berlin", "de", "lead eng", "owner"),
    ("amelie.durand", "Amélie Durand", "amélie", "Field operations lead", "Europe/Paris", "fr", "lead field", "admin"),
    (
        "tiago.vasconcelos",
        "Tiago Vasconcelos",
        "Tiago",
        "Harbour projects",
        "Europe/Lisbon",
        "pt",
        "lead field lisbon",
        "admin",
    ),
    ("zofia.krol", "Zofia Król", "zosia", "Firmware engineer", "Europe/Warsaw", "pl", "eng firmware", "member"),
    ("sinead.obrien", "Sinéad O'Brien", "sinéad", "Customer support lead", "Europe/Dublin", "en", "support", "member"),
    ("bjorn.aasgard", "Bjørn Åsgård", "bjørn", "Hardware engineer", "Europe/Oslo", "no", "eng hardware", "member"),
    ("dmitri.sokolov", "Дмитрий Соколов", "дима", "Firmware engineer", "Asia/Almaty", "ru", "eng firmware", "member"),
    ("olena.shevchuk", "Олена Шевчук", "Олена", "Data engineer", "Europe/Kyiv", "uk", "eng data", "member"),
    ("yuki.tanaka", "田中 由紀", "由紀", "東京オフィス代表", "Asia/Tokyo", "ja", "lead tokyo sales", "member"),
    ("haruto.mori", "森 陽翔", "mori", "Field engineer", "Asia/Tokyo", "ja", "tokyo field", "member"),
    ("li.wenjing", "李文静", "Wenjing", "Manufacturing quality", "Asia/Shanghai", "zh", "hardware quality", "member"),
    ("chen.zhiming", "陈志明", "志明", "Supply chain", "Asia/Shanghai", "zh", "hardware", "member"),
    ("kim.jiwoo", "김지우", "지우", "UX designer", "Asia/Seoul", "ko", "design", "member"),
    ("layla.haddad", "ليلى حداد", "ليلى", "Sales, Middle East", "Asia/Dubai", "ar", "sales", "member"),
    ("omar.farouk", "عمر فاروق", "omar", "Harbour support engineer", "Africa/Cairo", "ar", "support field", "member"),
    ("noa.levi", "נועה לוי", "נועה", "Signal processing", "Asia/Jerusalem", "he", "eng data", "member"),
    ("eitan.barak", "איתן ברק", "eitan", "Security engineer", "Asia/Jerusalem", "he", "eng security", "member"),
    ("priya.raman", "प्रिया रमन", "Priya", "Quality lead", "Asia/Kolkata", "hi", "quality eng", "member"),
    ("arjun.mehta", "अर्जुन मेहता", "arjun", "Operations engineer", "Asia/Kolkata", "hi", "eng security", "admin"),
    ("ana.munoz", "Ana Muñoz Íñiguez", "Ana", "Marketing", "Europe/Madrid", "es", "sales design", "member"),
    ("joao.conceicao", "João Conceição", "joão", "Customer support", "Europe/Lisbon", "pt", "support lisbon", "member"),
    (
        "francois.lemaitre",
        "François Lemaître-Noël",
        "François",
        "Product owner",
        "Europe/Paris",
        "fr",
        "eng design",
        "member",
    ),
    ("grace.okafor", "Grace Okafor", "Grace", "Finance", "Africa/Lagos", "en", "lead finance", "owner"),
    (
        "thandiwe.nkosi",
        "Thandiwe Nkosi",
        "Thandi",
        "People and culture",
        "Africa/Johannesburg",
        "en",
        "lead people",
        "member",
    ),
    ("ngoc.tran", "Trần Thị Ngọc", "Ngọc", "Web engineer", "Asia/Ho_Chi_Minh", "vi", "eng data design", "member"),
    ("istvan.kovacs", "Kovács István", "Pista", "Mechanics", "Europe/Prague", "en", "hardware eng", "member"),
    ("elif.yilmaz", "Elif Yılmaz", "elif", "Product designer", "Europe/Istanbul", "tr", "design", "member"),
    ("stelios.pappas", "Στέλιος Παππάς", "Στέλιος", "Field engineer", "Europe/Athens", "el", "field", "member"),
    ("sam.whitfield", "Sam Whitfield", "sam", "Data platform", "America/New_York", "en", "eng data", "member"),
    ("rosa.delgado", "Rosa Delgado", "Rosa", "Sales, Americas", "America/Mexico_City", "es", "sales", "member"),
    ("mateo.quispe", "Mateo Quispe", "mateo", "Field engineer", "America/Lima", "es", "field", "member"),
    ("aroha.ngata", "Aroha Ngata", "Aroha", "Oceanographer", "Pacific/Auckland", "en", "data field", "member"),
    ("tan.weiling", "Tan Wei Ling", "wei ling", "Sales, Asia", "Asia/Singapore", "en", "sales tokyo", "member"),
    (
        "joanna.hill",
        "Joanna Hill",
        "jo 🌊 (off Fridays)",
        "Technical writer",
        "Europe/Dublin",
        "en",
        "support design",
        "member",
    ),
    ("bruno.keller", "Bruno Keller", "", "Workshop", "Europe/Berlin", "de", "hardware", "member"),
    ("nils.bergqvist", "Nils Bergqvist", "nils", "Firmware engineer", "Europe/Oslo", "no", "firmware", "deleted"),
    ("harriet.cole", "Harriet Cole", "harriet", "Office manager", "Europe/Dublin", "en", "people", "deleted"),
)

_GUESTS: tuple[tuple[str, str, str, str, str, str, str, Role], ...] = (
    ("petra.novakova", "Petra Nováková", "Petra (Saltmarsh)", "Harbour authority liaison", "Europe/Prague", "en",
     "partners", "guest"),
    ("luca.ferraro", "Luca Ferraro", "luca", "Installer", "Europe/Rome", "it", "partners", "guest"),
    ("keiko.arai", "荒井 恵子", "Keiko", "Port surveyor", "Asia/Tokyo", "ja", "visitors", "single_channel_guest"),
)  # fmt: skip


def home_people() -> list[Person]:
    """Everybody with an account at home; employees write from example.org, guests from example.net."""
    staff = [Person(*row[:7], f"{row[0]}@example.org", row[7]) for row in _PEOPLE]
    guests = [Person(*row[:7], f"{row[0]}@example.net", row[7]) for row in _GUESTS]
    kiosk = Person("workshop.tablet", "", "", "", "Europe/Berlin", "en", "kiosk", "")
    return [*staff, *guests, kiosk]


HOME_BOTS = (
    Bot("buildkeeper", "Buildkeeper", "hammer_and_wrench"),
    Bot("buoy-alarms", "Buoy alarms", "ocean"),
    Bot("standup-heron", "Standup Heron", "seedling", has_user=True),
    Bot("ticketline", "Ticketline", "memo", has_user=True),
)
